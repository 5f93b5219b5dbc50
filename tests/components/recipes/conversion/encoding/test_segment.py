"""The lattice of a word beside all of its splits."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from components.recipes.conversion.encoding.segment import Letters, around_illegal, segment
from components.recipes.conversion.encoding.syllables import Syllable

LEGAL = {"a", "an", "xi", "xian", "na", "n", "i"}


def spelled(letters: str) -> list[Syllable]:
    return [Syllable(letters, (letters,))] if letters in LEGAL else []


def all_splits(text: str) -> list[tuple[str, ...]]:
    """By every choice of the places to cut at."""
    found = []
    for cuts in product([False, True], repeat=max(0, len(text) - 1)):
        parts = [text[:1]]
        for letter, cut in zip(text[1:], cuts, strict=True):
            parts = [*parts, letter] if cut else [*parts[:-1], parts[-1] + letter]
        if all(part in LEGAL for part in parts):
            found.append(tuple(parts))
    return found


@given(st.text("xian", min_size=1, max_size=9))
def test_the_ways_are_all_splits_fewest_and_longest_first(text: str) -> None:
    expected = sorted(all_splits(text), key=lambda parts: (len(parts), [-len(part) for part in parts]))
    found = segment(Letters(text), spelled, 4)
    assert (found is None) == (not expected)
    if found:
        assert [tuple(one.text for one in way) for way in found.ways(1 << 10)] == expected
        assert [found.best()] == found.ways(1)
        on_a_way = {(sum(map(len, parts[:at])), parts[at]) for parts in expected for at in range(len(parts))}
        assert {(edge.start, edge.syllable.text) for edge in found.edges} == on_a_way


def test_a_syllable_has_one_tone_at_most() -> None:
    found = segment(Letters("xian", {1: 1, 2: 1}), spelled, 4)
    assert found is not None
    assert [[one.text for one in way] for way in found.ways(9)] == [["xi", "an"], ["xi", "a", "n"]]


def test_the_fewest_letters_are_left_out() -> None:
    assert around_illegal(Letters("xianqna"), spelled, 4) == [(0, 4, True), (4, 5, False), (5, 7, True)]
    assert around_illegal(Letters("qq"), spelled, 4) == [(0, 2, False)]
    assert around_illegal(Letters("xian"), spelled, 4) == [(0, 4, True)]
