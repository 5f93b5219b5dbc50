"""What a server computes together is what `predict` computes one by one, to the last digit."""

import copy
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.job import PREPARED_FILES, TEST
from components.kits.tables.encoding.cells import columns_of_rows
from components.kits.tables.encoding.derive import evaluate
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.encoding.reader import RowReader
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.encoding.scale import Scale
from components.kits.tables.explain import Scored
from components.kits.tables.learning.additive import AdditiveModel, PiecewiseCubic
from components.kits.tables.quick import cells
from components.kits.tables.quick.curves import QuickAdditive, Scales
from components.kits.tables.quick.encoding import QuickEncoder, QuickReplacements
from components.kits.tables.quick.expressions import compiled
from components.kits.tables.quick.predictor import Whole, quicken

STRANGE = [
    None, "", "NA", " rent ", "RENT", "castle", "12", "1e3", "about 5", "∞", -1, 0, 1, 24, 2**53 + 1, 2**70, -5.5, 0.1,
    1e101, -1e300, True, False, "yes", "no", "是", "\ud800",
]  # fmt: skip


@pytest.fixture(scope="module")
def both(fitted):
    """The predictor as it is opened, one that was made quick, how that one looks at rows, and the test rows."""
    plain, quick = (fitted.recipe.serving.open_predictor(fitted.bundle) for _ in range(2))
    frame = pd.read_parquet(fitted.job.paths.prepared(fitted.job.case) / PREPARED_FILES[TEST])
    rows = json.loads(frame[list(plain.reader.columns)].to_json(orient="records"))
    return SimpleNamespace(plain=plain, quick=quick, look=quicken(quick), rows=rows)


def assert_looked_alike(found, wanted) -> None:
    assert found.typed.keys() == wanted.typed.keys()
    for name, values in wanted.typed.items():
        if isinstance(values, pa.Array):
            assert found.typed[name].equals(values), name
        else:
            np.testing.assert_array_equal(found.typed[name], values)
    for part in ("raw", "numeric", "categorical"):
        np.testing.assert_array_equal(getattr(found.encoded, part), getattr(wanted.encoded, part))
        assert getattr(found.encoded, part).dtype == getattr(wanted.encoded, part).dtype
    assert found.encoded.unknown == wanted.encoded.unknown
    assert [(one.column, one.kind, one.where.tolist(), one.detail) for one in found.marks] == [
        (one.column, one.kind, one.where.tolist(), one.detail) for one in wanted.marks
    ]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_rows_of_plain_and_strange_cells_are_looked_at_alike(both, data):
    rows = copy.deepcopy(data.draw(st.lists(st.sampled_from(both.rows), min_size=1, max_size=5)))
    for _ in range(data.draw(st.integers(0, 4))):
        row, name = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(list(both.plain.reader.columns)))
        row[name] = data.draw(st.sampled_from(STRANGE))
    found, wanted = both.look(rows), both.plain.look(columns_of_rows(rows))
    assert_looked_alike(found, wanted)
    assert both.quick.known.warnings(found) == both.plain.known.warnings(wanted)


@pytest.mark.parametrize("count", [1, 7, 150])
def test_answers_and_reasons_are_the_same(both, count):
    rows = (both.rows * 3)[:count]
    found = both.quick.answer_asked(both.look(rows), explain=True)
    wanted = both.plain.answer_asked(both.plain.look(columns_of_rows(rows)), explain=True)
    np.testing.assert_allclose(found.score, wanted.score, rtol=0, atol=1e-12)
    assert [[(one.feature, one.value) for one in row] for row in found.reasons] == [
        [(one.feature, one.value) for one in row] for row in wanted.reasons
    ]
    flat = [[one.contribution for row in answers.reasons for one in row] for answers in (found, wanted)]
    np.testing.assert_allclose(*flat, rtol=0, atol=1e-9)
    assert found.columns()["warnings"] == wanted.columns()["warnings"]


def test_spellings_without_end_are_answered_and_not_remembered_without_end(both, monkeypatch):
    monkeypatch.setattr(cells, "MOST_TEXTS", 3)
    reader, name = both.plain.reader, "Home"
    (feature,) = [one for one in both.plain.encoder.categorical if one.name == name]
    read = cells.Classes(RowReader({name: reader.columns[name]}, reader.missing), feature)
    assert read(["owner" + " " * 100_000]) is None  # left to the reader, which takes it for the class
    spellings = ["owner" + " " * blanks for blanks in range(8)]
    for number, text in enumerate(spellings):
        found = read([text, spellings[0]])
        assert found.values.to_pylist() == ["owner"] * 2, number
        assert len(read.known) <= 3
    assert text in read.known  # of many the last ones, so that it is quick again for who comes after
    rows = [{**both.rows[0], name: "owner" + " " * 100_000}]
    assert_looked_alike(both.look(rows), both.plain.look(columns_of_rows(rows)))
    assert both.look(rows).typed[name].to_pylist() == ["owner"]


def test_replaced_rows_are_the_same(both):
    found, wanted = both.look(both.rows[:9]), both.plain.look(columns_of_rows(both.rows[:9]))
    quick, plain = both.quick.reference.apply(found.encoded), both.plain.reference.apply(wanted.encoded)
    for part in ("raw", "numeric", "categorical"):
        np.testing.assert_array_equal(getattr(quick, part), getattr(plain, part))


@pytest.mark.parametrize("left", ["numeric", "categorical"])
def test_rows_of_one_kind_of_column_are_replaced_alike(both, left):
    plain = both.plain.encoder
    only = TableEncoder(plain.numeric, []) if left == "numeric" else TableEncoder([], plain.categorical)
    encoded = only.encode_rows(both.plain.look(columns_of_rows(both.rows[:3])).typed)
    wanted = Replacements(only, both.plain.reference.names, encoded.take(np.array([2])))
    found = QuickReplacements.of_plain(wanted, QuickEncoder.of(only)).apply(encoded)
    for part in ("raw", "numeric", "categorical"):
        np.testing.assert_array_equal(getattr(found, part), getattr(wanted.apply(encoded), part))


def test_all_rows_are_taken_as_they_are(both):
    looked = both.look(both.rows[:3])
    whole = Whole(looked.typed, looked.encoded, np.arange(3.0))
    assert whole.take(np.arange(3)) is whole
    assert whole.take(np.array([1])).score.tolist() == Scored.take(whole, np.array([1])).score.tolist() == [1.0]


@pytest.mark.parametrize(
    "expression", ["a / (`two words` + 1)", "-log1p(a) * exp(b) + 2", "a / b", "3", "+a - b * 1e99"]
)
def test_expressions_are_what_they_are_elsewhere(expression):
    columns = {
        "a": np.array([1.0, -1.0, 0.0, np.nan, 1e300]), "b": np.array([0.0, 2.0, 1e5, 1.0, 1e300]),
        "two words": np.array([1.0, -1.0, 3.0, 4.0, np.nan]),
    }  # fmt: skip
    with np.errstate(all="ignore"):
        found = np.broadcast_to(compiled(expression)(columns), 5)
    wanted = evaluate(expression, columns)
    np.testing.assert_array_equal(np.where(np.isfinite(found), found, np.nan), np.broadcast_to(wanted, 5))


def test_an_expression_that_is_none_is_refused_here_too():
    with pytest.raises(ValueError, match="may hold"):
        compiled("__import__('os')")


def test_scales_together_are_those_of_each():
    each = [
        Scale(False, (0.0, 1.0, 3.0), (-1.0, 0.5, 2.0)),
        Scale(True, (0.5, 4.0), (0.1, 0.3)),
        Scale(False, (2.0,), (7.0,)),
    ]
    values = np.random.default_rng(0).normal(0, 5, (200, 3))
    values[:3] = [[0, 1, 2], [3, 0, 2], [1, 4, 3]]  # on the knots
    wanted = np.column_stack([scale(values[:, place]) for place, scale in enumerate(each)])
    np.testing.assert_array_equal(Scales(each)(values), wanted)


@pytest.mark.parametrize("answers", [(), (3,)])
def test_an_additive_model_is_that_of_each_curve(answers):
    rng = np.random.default_rng(1)
    knots = [np.sort(rng.normal(size=size)) for size in (2, 5, 9)]
    curves = tuple(PiecewiseCubic(one, rng.normal(size=(len(one) - 1, 4, *answers))) for one in knots)
    model = AdditiveModel(rng.normal(size=answers), (2, 0, 2), curves, (rng.normal(size=(4, *answers)),))
    numeric, codes = rng.normal(0, 2, (50, 4)).astype(np.float32), rng.integers(0, 4, (50, 1))
    np.testing.assert_array_equal(QuickAdditive(model).line(numeric, codes), model.line(numeric, codes))
    alone = AdditiveModel(model.intercept, (), (), model.tables)
    np.testing.assert_array_equal(QuickAdditive(alone).line(numeric, codes), alone.line(numeric, codes))
