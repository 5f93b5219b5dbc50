"""Test clauses as they may be typed, and what is right of the answers to them."""

import pandas as pd
import pytest

from components.recipes.conversion.encoding.near import slips_of
from components.recipes.conversion.report import typed
from components.recipes.conversion.report.typed import typed_rows, typed_table
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from tests.components.recipes.conversion.serving.tiny import write_tiny

CLAUSES = pd.DataFrame(
    {
        "text": ["你好吗", "中国", "妈妈", "泥号"],
        "words": [[2, 1], [2], [2], [1, 1]],
        "syllables": ["ni hao ma", "zhong guo", "ma ma", "ni hao"],
    }
)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


def asked(monkeypatch: pytest.MonkeyPatch, predictor: ConversionPredictor, seed: int) -> list[list[str]]:
    """The lines of each row, in their order."""
    seen: list[list[str]] = []
    convert = predictor.convert

    def noted(lines, *given):
        seen.append(list(lines))
        return convert(lines, *given)

    monkeypatch.setattr(predictor, "convert", noted)
    typed_rows(predictor, CLAUSES, most=9, seed=seed)
    return seen


def test_the_same_clauses_are_typed_in_each_way(predictor, monkeypatch):
    order = [CLAUSES["syllables"].tolist().index(line) for line in asked(monkeypatch, predictor, 1)[0]]
    assert sorted(order) == [0, 1, 2, 3]
    plain, toned, letters, slipped, again, confused, too = asked(monkeypatch, predictor, 1)
    assert [toned[order.index(row)] for row in range(4)] == ["ni3 hao3 ma5", "zhong1 guo2", "ma1 ma5", "ni2 hao4"]
    assert [letters[order.index(row)] for row in range(4)] == ["n h m", "zh g", "m m", "n h"]
    assert (slipped, confused) == (again, too)
    assert confused == plain  # none of these sounds like another of the case


def test_slips_are_drawn_by_the_seed(predictor, monkeypatch):
    monkeypatch.setattr(typed, "SLIPS", 1.0)
    plain, *_, slipped, _, _, _ = asked(monkeypatch, predictor, 3)
    for line, wrong in zip(plain, slipped, strict=True):
        for one, other in zip(line.split(), wrong.split(), strict=True):
            assert other != one
            assert other in slips_of(one)
    assert asked(monkeypatch, predictor, 3)[3] == slipped


def test_rows_are_shares_of_what_is_right(predictor):
    """With tones seven of nine characters are right: 你好吗, 中国, 妈 and 泥; ma5 is 吗, and hao4 may be 好, which is
    likelier than 号.
    """
    rows = typed_rows(predictor, CLAUSES, most=9, seed=1)
    assert [row[:2] for row in rows[:3]] == [
        ("syllables without tones", ""),
        ("with tones", ""),
        ("first letters alone", "--abbreviations"),
    ]
    assert rows[1][2:] == (pytest.approx(7 / 9), 0.5)
    assert rows[0][2] < rows[1][2]
    table = typed_table(rows, 4)
    assert table.rows[1] == list(rows[1])
    assert "4 test clauses" in table.note


def test_fewer_clauses_are_taken_where_fewer_are_asked_for(predictor, monkeypatch):
    assert len(asked(monkeypatch, predictor, 1)[0]) == 4
    assert typed_rows(predictor, CLAUSES, most=1, seed=1)[0][3] in (0.0, 1.0)
