import json
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.kits.tables.encoding.convert import convert
from components.kits.tables.encoding.encode import TableEncoder, fit_encoder
from components.kits.tables.encoding.spec import TableParams
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec

NAN = float("nan")
COLUMNS = {
    "income": NUMERIC,
    "town": CATEGORICAL,
    "paid": {"kind": "boolean"},
    "since": {"kind": "date", "formats": ["ISO8601"]},
    "debt": NUMERIC,
    "note": {"kind": "text"},
}
STANDARD = {"numeric": "standard", "knots": 2, "min_count": 2}
TRAIN = {
    "income": ["10", "30", ""],
    "town": ["Rome", "Rome", "Oslo"],
    "paid": ["yes", "no", "no"],
    "since": ["1970-01-02", "1970-01-03", "1970-01-04"],
    "debt": ["5", "0", "1"],
    "note": ["ab 1", "", "中文 x y"],
}


def typed(rows: dict[str, list[Any]], params: TableParams) -> pd.DataFrame:
    return convert(pd.DataFrame(rows), params.columns, params.missing).frame


def fitted(**changes: Any) -> tuple[TableEncoder, pd.DataFrame]:
    params = spec(COLUMNS, **({"encode": STANDARD, "derived": {"ratio": "income / debt"}} | changes))
    train = typed(TRAIN, params)
    return fit_encoder(train, params), train


def test_names_and_sizes() -> None:
    encoder, _ = fitted()
    raw = ("income", "paid", "since", "debt", "note length", "note words", "note digits", "ratio")
    assert encoder.raw_names == raw
    missing = ("income", "note length", "note words", "note digits", "ratio")
    assert encoder.indicator_names == missing
    assert encoder.numeric_names == (*raw, *(f"{name} missing" for name in missing))
    assert encoder.categorical_names == ("town",)
    assert encoder.sizes == (2,)  # Rome, and code 0 for Oslo, which is rarer than min_count
    assert encoder.categorical[0].labels == ("(other)", "Rome")


def test_raw_values_are_in_the_units_of_the_data() -> None:
    encoder, train = fitted()
    np.testing.assert_array_equal(
        encoder.encode(train).raw,
        [
            [10, 1, 1, 5, 4, 2, 1 / 4, 10 / 5],
            [30, 0, 2, 0, NAN, NAN, NAN, NAN],  # 30 / 0 is missing
            [NAN, 0, 3, 1, 6, 3, 0 / 6, NAN],
        ],
    )


def test_numeric_values_are_imputed_scaled_and_flagged() -> None:
    encoder, train = fitted()
    encoded = encoder.encode(train)
    assert encoded.numeric.dtype == np.float32
    np.testing.assert_allclose(encoded.numeric[:, 0], [-1, 1, 0])  # 10, 30 have mean 20, deviation 10, median 20
    np.testing.assert_allclose(encoded.numeric[:, 2], np.array([-1, 0, 1]) / np.sqrt(2 / 3), rtol=1e-6)
    np.testing.assert_array_equal(
        encoded.numeric[:, 8:], [[0, 0, 0, 0, 0], [0, 1, 1, 1, 1], [1, 0, 0, 0, 1]]
    )  # income, three of the note, ratio


def test_the_scale_is_that_of_the_params() -> None:
    encoder, train = fitted(encode={"numeric": "quantile", "knots": 9, "min_count": 2})
    expected = [NormalDist().inv_cdf(share) for share in (2.5 / 3, 0.5 / 3, 1.5 / 3)]
    np.testing.assert_allclose(encoder.encode(train).numeric[:, 3], expected, atol=1e-7)


def test_new_rows_are_encoded_by_what_training_rows_said() -> None:
    encoder, _ = fitted()
    rows = {"income": [""], "town": ["Rome"], "paid": [""], "since": [""], "debt": ["99"], "note": ["x"]}
    encoded = encoder.encode(typed(rows, spec(COLUMNS)))
    names = list(encoder.numeric_names)
    assert encoded.numeric[0, names.index("income")] == 0  # the median of training, 20, is its mean
    assert encoded.numeric[0, names.index("income missing")] == 1
    assert encoded.numeric[0, names.index("since")] == 0
    debts = np.array([5.0, 0.0, 1.0])
    assert encoded.numeric[0, names.index("debt")] == np.float32((5 - debts.mean()) / debts.std())  # 99 is cut to 5
    assert np.isnan(encoded.raw[0, names.index("paid")])
    assert encoded.raw[0, names.index("debt")] == 99


@pytest.mark.parametrize(
    ("train", "classes", "rare", "missing", "size"),
    [
        (["b", "b", "a", "a", "a", "c", None], ("a", "b"), ("c",), False, 3),
        (["b", "a", None, None, "b", "a"], ("a", "b"), (), True, 4),  # of equals the first in the alphabet
        ([None, None, None], (), (), True, 2),
        (["x", "y", "z"], (), ("x", "y", "z"), False, 1),
    ],
)
def test_classes(train: list[Any], classes: Any, rare: Any, missing: bool, size: int) -> None:
    params = spec({"town": CATEGORICAL}, encode=STANDARD)
    (feature,) = fit_encoder(typed({"town": train}, params), params).categorical
    assert (feature.classes, feature.rare, feature.missing, feature.size) == (classes, rare, missing, size)


def test_codes_of_known_rare_unknown_and_missing_classes() -> None:
    params = spec({"town": CATEGORICAL, "job": CATEGORICAL}, encode=STANDARD)
    train = {"town": ["a", "a", "b", None, None], "job": ["x", "x", "x", "x", "x"]}
    encoder = fit_encoder(typed(train, params), params)
    encoded = encoder.encode(typed({"town": ["a", "b", "new", None], "job": ["x", "y", "z", None]}, params))
    assert encoded.categorical.dtype == np.int64
    assert encoded.categorical.tolist() == [[1, 1], [0, 0], [0, 0], [2, 0]]
    assert encoded.unknown == {"town": 1, "job": 2}  # neither the rare class nor the missing value is unknown


def test_a_column_without_values_is_a_constant() -> None:
    params = spec({"x": NUMERIC}, encode=STANDARD)
    encoder = fit_encoder(typed({"x": ["", ""]}, params), params)
    np.testing.assert_array_equal(encoder.encode(typed({"x": ["", "7"]}, params)).numeric, [[0, 1], [0, 0]])


def test_tables_of_one_kind_have_empty_arrays_for_the_other() -> None:
    params = spec({"town": CATEGORICAL}, encode=STANDARD)
    encoded = fit_encoder(typed({"town": ["a", "a"]}, params), params).encode(typed({"town": ["a"] * 3}, params))
    assert (encoded.raw.shape, encoded.numeric.shape, encoded.categorical.shape) == ((3, 0), (3, 0), (3, 1))


def test_take_keeps_rows_in_the_order_asked_for() -> None:
    encoder, train = fitted()
    encoded = encoder.encode(train)
    taken = encoded.take(np.array([2, 0]))
    np.testing.assert_array_equal(taken.numeric, encoded.numeric[[2, 0]])
    np.testing.assert_array_equal(taken.categorical, encoded.categorical[[2, 0]])


def test_a_stored_frame_encodes_as_the_frame(tmp_path: Any) -> None:
    encoder, train = fitted()
    train.to_parquet(tmp_path / "train.parquet")
    stored = encoder.encode(pd.read_parquet(tmp_path / "train.parquet"))
    np.testing.assert_array_equal(stored.numeric, encoder.encode(train).numeric)
    np.testing.assert_array_equal(stored.categorical, encoder.encode(train).categorical)


CELLS = {
    "income": st.none() | st.floats(-1e300, 1e300).map(str) | st.integers().map(str) | st.text(max_size=3),
    "town": st.none() | st.text(max_size=2),
    "paid": st.sampled_from(["yes", "No", "", "x"]),
    "since": st.sampled_from(["2020-01-01", "0001-01-01", "9999-12-31", "", "x"]),
    "debt": st.none() | st.sampled_from(["0", "-0.0", "1e-300", "1e100", "5"]),
    "note": st.none() | st.text(max_size=5),
}
TABLES = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=20)
ENCODES = st.fixed_dictionaries(
    {
        "numeric": st.sampled_from(["quantile", "standard", "log_standard"]),
        "knots": st.integers(2, 9),
        "min_count": st.integers(1, 3),
    }
)


@settings(deadline=None)
@given(train=TABLES, rows=TABLES, encode=ENCODES)
def test_any_typed_rows_become_finite_arrays(train: list[Any], rows: list[Any], encode: dict[str, Any]) -> None:
    params = spec(COLUMNS, encode=encode, derived={"ratio": "income / debt", "product": "income * debt * 1e90"})
    frames = [
        convert(pd.DataFrame(cells, dtype=object), params.columns, params.missing).frame for cells in (train, rows)
    ]
    encoder = fit_encoder(frames[0], params)
    encoded = encoder.encode(frames[1])
    assert encoded.raw.shape == (len(rows), len(encoder.raw_names))
    assert encoded.numeric.shape == (len(rows), len(encoder.numeric_names))
    assert np.isfinite(encoded.numeric).all()
    assert ((encoded.categorical >= 0) & (encoded.categorical < np.array(encoder.sizes))).all()

    again = TableEncoder.from_json(json.loads(json.dumps(encoder.to_json(), allow_nan=False)))
    assert again == encoder
    np.testing.assert_array_equal(again.encode(frames[1]).numeric, encoded.numeric)
