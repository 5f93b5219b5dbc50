"""Syllables that are meant by others: sounds that a speaker does not tell apart, and slips of the keyboard."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.syllables import VOWELS, Syllable
from components.recipes.conversion.encoding.tones import ERHUA

FUZZY, SLIP = -2.0, -6.0  # nats for each; found on a validation: docs/pinyin.md
INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # of the keyboard, each half a key further right

Pair = tuple[str, str]


def read_pairs(text: str) -> tuple[Pair, ...]:
    """Sounds that are taken for each other: z/zh,n/l,an/ang.

    Raises:
        CasebookError: something between commas is no two sounds.
    """
    found = []
    for one in text.replace(" ", "").lower().split(","):
        first, _, second = one.replace("ü", "v").partition("/")
        if first == second or not all(_is_sound(sound) for sound in (first, second)):
            raise CasebookError(f"fuzzy {one!r}: give two sounds, such as z/zh, n/l or an/ang, with commas between")
        if (first in INITIALS) != (second in INITIALS):
            raise CasebookError(f"fuzzy {one!r}: one of them begins a syllable and the other ends one")
        found.append((first, second))
    return tuple(found)


class Near:
    """Of each syllable those that it may be meant for; and of letters that are none, where slips are looked for."""

    def __init__(self, legal: Iterable[str], pairs: Sequence[Pair], *, slips: bool) -> None:
        self.legal, self.pairs, self.slips = frozenset(legal), pairs, slips
        self._near: dict[str, dict[str, float]] = {}
        for one in sorted(self.legal):
            for other in sounds_of(one, pairs):
                self._add(one, other, FUZZY)
            for other in slips_of(one) if slips else ():
                self._add(one, other, SLIP)
        self.longest = max(map(len, self._near), default=0)

    def others(self, typed: Syllable) -> list[Syllable]:
        """What a syllable in the tone that was typed may be meant for, but itself."""
        if typed.tone == ERHUA:
            return []
        return [Syllable(one, (one,), typed.tone, cost) for one, cost in self._of(typed.text)]

    def alike(self, syllable: str) -> list[str]:
        """The legal syllables that sound like one."""
        return sorted(self.legal.intersection(sounds_of(syllable, self.pairs)) - {syllable})

    def meant(self, letters: str) -> list[Syllable]:
        """The syllables that letters which are none may be meant for."""
        return [Syllable(one, (one,), cost=cost) for one, cost in self._of(letters)]

    def _of(self, letters: str) -> Iterable[tuple[str, float]]:
        return self._near.get(letters, {}).items()

    def _add(self, one: str, other: str, cost: float) -> None:
        if other != one:
            self._near.setdefault(other, {}).setdefault(one, cost)


def _is_sound(sound: str) -> bool:
    return sound in INITIALS or (sound.isascii() and sound.isalpha() and sound[0] in VOWELS)


def _parted(syllable: str) -> Pair:
    initial = next((one for one in INITIALS if syllable.startswith(one)), "")
    return initial, syllable[len(initial) :]


def sounds_of(syllable: str, pairs: Sequence[Pair]) -> Iterator[str]:
    """What may stand for a syllable: its beginning, its end or both as the other of a pair."""
    initial, final = _parted(syllable)
    both = [*pairs, *((second, first) for first, second in pairs)]
    initials = [initial, *(second for first, second in both if first == initial)]
    endings = [(first, second) for first, second in both if first not in INITIALS and final.endswith(first)]
    finals = [final, *(final.removesuffix(first) + second for first, second in endings)]  # of ian the end is an, too
    return ("".join(one) for one in product(initials, finals))


def slips_of(syllable: str) -> Iterator[str]:
    """What one slip makes of a syllable: two letters the other way round, a key beside, a letter too few or twice."""
    for place, letter in enumerate(syllable):
        before, after = syllable[:place], syllable[place + 1 :]
        if after:
            yield before + after[0] + letter + after[1:]
        if len(syllable) > 2:
            yield before + after
        yield before + 2 * letter + after
        yield from (before + key + after for key in KEYS.get(letter, ""))


def _keys() -> dict[str, str]:
    """The neighbours of each key."""
    place = {key: (row, column + row / 2) for row, keys in enumerate(ROWS) for column, key in enumerate(keys)}
    return {
        key: "".join(
            other
            for other, (row, column) in place.items()
            if other != key and abs(row - place[key][0]) <= 1 and abs(column - place[key][1]) <= 1
        )
        for key in place
    }


KEYS = _keys()
