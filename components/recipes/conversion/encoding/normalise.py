"""Typed pinyin of any kind to syllables and what stands between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.recipes.conversion.encoding.invisible import without_invisible
from components.recipes.conversion.encoding.letters import Spelled, spell
from components.recipes.conversion.encoding.near import Near
from components.recipes.conversion.encoding.segment import Segmentation
from components.recipes.conversion.encoding.syllables import Syllabary, Syllable
from components.recipes.conversion.encoding.tones import ERHUA, NO_TONE
from components.recipes.conversion.encoding.word_reader import WordReader
from components.recipes.conversion.encoding.words import JOINTS, Read, find_words
from components.recipes.conversion.params.pinyin import InputParams

SHOWN = 60  # characters of a text in a message


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
    """Letters that are no pinyin; `number` counts syllables from 1, each of these as one. `english` ones could be, in
    another line.
    """

    number: int
    text: str
    english: bool = False

    def __str__(self) -> str:
        shown = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]}…"
        said = "is taken for English" if self.english else "is no pinyin"
        return f"syllable {self.number}: {shown!r} {said}; it is left as it is"


@dataclass(frozen=True)
class Normalised:
    """`pieces` in the order of the text, no two literals side by side; so many `invisible` characters were dropped."""

    pieces: tuple[Syllable | Literal, ...]
    lattices: tuple[Lattice, ...]
    illegal: tuple[Illegal, ...]
    invisible: int

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Syllable))

    @property
    def toned(self) -> bool:
        """Whether a tone was typed."""
        return any(NO_TONE < one.tone < ERHUA for one in self.syllables)

    def filled(self, answers: Sequence[str]) -> str:
        """The text with an answer in the place of each syllable."""
        left = iter(answers)
        return "".join(piece.text if isinstance(piece, Literal) else next(left) for piece in self.pieces)


def normalise(text: str, syllabary: Syllabary, params: InputParams, near: Near | None = None) -> Normalised:
    """Read a line, with tone marks or numbers, ü, v or u:, capitals, full-width letters, with or without blanks.

    In a line of several words each of which is one syllable, that is how they are read; in other
    lines words are cut in all ways. Blanks that touch a syllable, and one apostrophe or hyphen
    between two, are dropped, and so is what nobody sees; whatever else is no pinyin becomes `Literal`, unchanged.
    Any text has an answer, in time linear in its length.
    """
    text, invisible = without_invisible(text)
    spelled = spell(text)
    found: list[Read] = []
    illegal: list[Illegal] = []
    number = 0
    for read in WordReader(syllabary, params, near).read(list(find_words(spelled))):
        number += max(1, len(read.syllables))
        if read.syllables:
            found.append(read)
        else:
            illegal.append(Illegal(number, spelled.between(read.start, read.stop), read.english))
    pieces, lattices = _assemble(spelled, found)
    return Normalised(pieces, lattices, tuple(illegal), invisible)


def _assemble(spelled: Spelled, found: Sequence[Read]) -> tuple[tuple[Syllable | Literal, ...], tuple[Lattice, ...]]:
    pieces: list[Syllable | Literal] = []
    lattices: list[Lattice] = []
    done = 0
    for read in found:
        pieces += _between(spelled.between(done, read.start), after=bool(pieces), before=True)
        if read.segmentation is not None and len(read.segmentation.edges) > len(read.syllables):
            lattices.append(Lattice(len(pieces), len(pieces) + len(read.syllables), read.segmentation))
        pieces += read.syllables
        done = read.stop
    pieces += _between(spelled.between(done, len(spelled.clusters)), after=bool(pieces), before=False)
    return tuple(pieces), tuple(lattices)


def _between(text: str, *, after: bool, before: bool) -> list[Literal]:
    """What stands `after` a syllable, `before` one, or both, without what only parts them."""
    if after and before and text in JOINTS:
        return []
    text = text.lstrip() if after else text
    text = text.rstrip() if before else text
    return [Literal(text)] if text else []
