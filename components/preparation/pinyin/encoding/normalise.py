"""Typed pinyin of any kind to syllables and what stands between them; the way in is lenient, the way out is one form."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from components.preparation.pinyin.encoding.letters import Spelled, spell
from components.preparation.pinyin.encoding.segment import Letters, Segmentation, around_illegal, segment
from components.preparation.pinyin.encoding.spec import InputParams
from components.preparation.pinyin.encoding.syllables import Syllabary, Syllable

WORD = re.compile(r"([a-z]+)(?:[0-5](?![0-9]))?")  # with the tone's number, where there is one
ADDRESS = re.compile(r"(?:www\.\S*|\S*(?:://|@)\S*)")
JOINTS = frozenset("'’‘ʼ`´＇-‐－·")


@dataclass(frozen=True)
class Literal:
    """Text that is no pinyin and stays as it is."""

    text: str


@dataclass(frozen=True)
class Lattice:
    """`pieces[start:stop]` are the best way through `segmentation`, which has others."""

    start: int
    stop: int
    segmentation: Segmentation


@dataclass(frozen=True)
class Illegal:
    """Letters that are no pinyin; `number` counts syllables from 1, each of these as one."""

    number: int
    text: str

    def __str__(self) -> str:
        return f"syllable {self.number}: {self.text!r} is no pinyin; it is left as it is"


@dataclass(frozen=True)
class Normalised:
    """`pieces` in the order of the text, no two literals side by side."""

    pieces: tuple[Syllable | Literal, ...]
    lattices: tuple[Lattice, ...]
    illegal: tuple[Illegal, ...]

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Syllable))

    def filled(self, answers: Sequence[str]) -> str:
        """The text with an answer in the place of each syllable."""
        left = iter(answers)
        return "".join(piece.text if isinstance(piece, Literal) else next(left) for piece in self.pieces)


@dataclass(frozen=True)
class _Read:
    """Syllables found between two places of the text."""

    start: int
    stop: int
    segmentation: Segmentation | None
    syllables: tuple[Syllable, ...]


@dataclass(frozen=True)
class _Word:
    start: int
    stop: int
    letters: Letters
    capitals: bool
    numbered: bool

    def cut(self, start: int, stop: int) -> Letters:
        toned = frozenset(place - start for place in self.letters.toned if start <= place < stop)
        return Letters(self.letters.text[start:stop], toned)


def normalise(text: str, syllabary: Syllabary, params: InputParams) -> Normalised:
    """Read a line: tone marks and numbers, ü v u:, capitals, full-width letters, apostrophes, hyphens, no blanks at all.

    In a line of several words each of which is one syllable, that is how they are read; other
    words are cut in all ways. Blanks that touch a syllable, and one apostrophe or hyphen
    between two, are dropped; whatever else is no pinyin becomes `Literal`, unchanged.
    Any text has an answer, in time linear in its length.
    """
    reader = _Reader(syllabary, params)
    spelled = spell(text)
    words = list(_words(spelled))
    spaced = _is_spaced(words, reader)
    reads: list[_Read] = []
    illegal: list[Illegal] = []
    number = 0
    for word in words:
        for start, stop, read in reader.read(word, one_each=spaced):
            if read is None:
                number += 1
                illegal.append(Illegal(number, spelled.between(start, stop)))
            else:
                number += len(read.syllables)
                reads.append(read)
    return _assemble(spelled, reads, illegal)


def _words(spelled: Spelled) -> Iterator[_Word]:
    """Words outside of addresses."""
    addresses = ADDRESS.finditer(spelled.shadow) if "@" in spelled.shadow or "w" in spelled.shadow or "/" in spelled.shadow else iter(())
    ...


