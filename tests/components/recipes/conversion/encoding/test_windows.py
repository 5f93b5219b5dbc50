from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.windows import BASE, EDGE, WINDOWS, Windows, read_windows
from components.recipes.conversion.params.windows import WindowParams

ALL = WindowParams(least=(1, 1, 1), most=1_000_000)
Clauses = list[list[int]]


def laid(clauses: Clauses) -> tuple[np.ndarray, np.ndarray]:
    flat = np.array([one for clause in clauses for one in clause], np.int16)
    return flat, np.cumsum([0, *map(len, clauses)])


def key(*digits: int) -> int:
    return sum(digit * BASE ** (len(digits) - 1 - place) for place, digit in enumerate(digits))


def ids(windows: Windows, clauses: Clauses) -> np.ndarray:
    return windows.ids(*laid(clauses))


def test_the_windows_of_one_clause_by_hand() -> None:
    windows = Windows.fit(*laid([[7, 8, 7]]), ALL)
    a, b = 7 + 1, 8 + 1
    expected = sorted([
        key(EDGE, a), key(a, b), key(b, a), key(a, EDGE),
        key(EDGE, a, b), key(a, b, a), key(b, a, EDGE),
        key(EDGE, a, b, a), key(a, b, a, EDGE),
    ])  # fmt: skip
    assert windows.keys.tolist() == expected
    number = {one: 1 + expected.index(one) for one in expected}
    first, middle, last = ids(windows, [[7, 8, 7]]).tolist()
    # (-1, 0) (0, 1) (-2, 0) (-1, 1)
    assert first[:4] == [number[one] if one else 0 for one in (key(EDGE, a), key(a, b), None, key(EDGE, a, b))]
    assert last[:4] == [number[one] for one in (key(b, a), key(a, EDGE), key(a, b, a), key(b, a, EDGE))]
    # (0, 2) (-3, 0) (-2, 1) (-1, 2) (0, 3)
    assert middle[4:] == [number[key(b, a, EDGE)], 0, number[key(EDGE, a, b, a)], number[key(a, b, a, EDGE)], 0]


def test_rare_ngrams_are_unknown_and_the_most_frequent_stay() -> None:
    clauses = [[1, 2], [1, 2], [1, 3]]
    often = Windows.fit(*laid(clauses), WindowParams(least=(2, 3, 1), most=99))
    edge_one, one_two, two_edge = key(EDGE, 2), key(2, 3), key(3, EDGE)
    fours = [key(EDGE, 2, 3, EDGE), key(EDGE, 2, 4, EDGE)]
    assert often.keys.tolist() == sorted([edge_one, one_two, two_edge, *fours])
    few = Windows.fit(*laid(clauses), WindowParams(least=(2, 3, 1), most=2))
    assert few.keys.tolist() == sorted([edge_one, one_two])  # seen 3 times and twice; of equals the smaller key
    assert ids(few, [[3, 1]]).max() == 0


CLAUSES = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=6), min_size=1, max_size=5)


@given(CLAUSES, CLAUSES)
def test_a_clause_has_the_same_windows_alone_and_among_others(training: Clauses, clauses: Clauses) -> None:
    windows = Windows.fit(*laid(training), ALL)
    together = ids(windows, clauses)
    assert together.shape == (sum(map(len, clauses)), len(WINDOWS))
    assert np.array_equal(together, np.concatenate([ids(windows, [clause]) for clause in clauses]))


@given(CLAUSES)
def test_every_window_names_what_stands_in_it(clauses: Clauses) -> None:
    windows = Windows.fit(*laid(clauses), ALL)
    rows = iter(ids(windows, clauses).tolist())
    for clause in clauses:
        digits = {-1: EDGE, len(clause): EDGE, **{place: one + 1 for place, one in enumerate(clause)}}
        for place in range(len(clause)):
            for found, (first, last) in zip(next(rows), WINDOWS, strict=True):
                inside = [digits.get(place + step, 0) for step in range(first, last + 1)]
                assert (windows.keys[found - 1] == key(*inside)) if all(inside) else found == 0


def test_words_are_read_without_edges_and_all_their_pairs_are_known() -> None:
    text = Windows.fit(*laid([[1, 2]]), ALL)
    windows = text.with_pairs_of(*laid([[2, 1, 3], [4], [1, 2]]))
    more = {key(3, 2), key(2, 4)}
    assert set(windows.keys.tolist()) == {*text.keys.tolist(), *more}
    assert windows.keys.tolist() == sorted(windows.keys)
    (one, two) = windows.ids(*laid([[1, 2]]), edges=False).tolist()
    pair = 1 + windows.keys.tolist().index(key(2, 3))
    assert [one[0], one[1], two[0], two[1]] == [0, pair, pair, 0]
    assert not any(one[2:] + two[2:])
    assert np.array_equal(text.with_pairs_of(*laid([])).keys, text.keys)
    assert text.ids(*laid([])).shape == (0, len(WINDOWS))


def test_what_a_bundle_holds_is_what_was_fitted(tmp_path: Path) -> None:
    windows = Windows.fit(*laid([[1, 2, 3], [3, 2]]), ALL)
    for name, content in windows.to_contents().items():
        (tmp_path / name).write_bytes(content)
    assert np.array_equal(read_windows(tmp_path).keys, windows.keys)
    assert windows.to_contents() == windows.to_contents()
    with pytest.raises(CasebookError, match=r"windows\.parquet: cannot be read"):
        read_windows(tmp_path / "nowhere")


def test_where_nothing_is_known_every_id_is_0() -> None:
    windows = Windows.fit(*laid([[1, 2]]), WindowParams(least=(9, 9, 9), most=5))
    assert len(windows.keys) == 0
    assert ids(windows, [[1, 2], [3]]).tolist() == [[0] * len(WINDOWS)] * 3
