import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.core.bundle import Bundle, Manifest, read_bundle, write_bundle
from components.kits.survival.serving.members import Spline, Trees, open_additive, open_boosting
from components.kits.tables.encoding.encode import Encoded

TIMES = np.array([1.0, 2.0])
BASELINE = [0.1, 0.3]


def stumps(values: list[list[float]]) -> bytes:
    """Two trees: the first splits feature 0 at 0.5, the second is a leaf."""
    nodes = {
        "feature": np.array([0, 0, 0, 0], dtype=np.int32),
        "threshold": np.array([0.5, -2, -2, -2]),
        "left": np.array([1, 1, 2, 3], dtype=np.int32),
        "right": np.array([2, 1, 2, 3], dtype=np.int32),
        "tree": np.array([0, 0, 0, 1], dtype=np.int32),
    }
    flat = pa.array(np.array(values, dtype=np.float32).ravel())
    content = io.BytesIO()
    pq.write_table(pa.table({**nodes, "values": pa.FixedSizeListArray.from_arrays(flat, len(values[0]))}), content)
    return content.getvalue()


def bundle_of(folder: Path, **contents: object) -> Bundle:
    files = {name.replace("__", "."): content for name, content in contents.items()}
    write_bundle(folder, Manifest(case="toy", predictor="survival.predictor", graphs=(), settings={}), files)  # type: ignore[arg-type]
    return read_bundle(folder, threads=1)


def rows(*numbers: float) -> Encoded:
    numeric = np.array(numbers, dtype=np.float32)[:, None]
    return Encoded(numeric, numeric, np.arange(len(numbers))[:, None] % 2, {})


def test_trees_add_up_the_leaves_that_a_row_ends_in(tmp_path: Path) -> None:
    values = [[9.0, 9.0], [1.0, 2.0], [3.0, 4.0], [10.0, 20.0]]
    trees = Trees.read(bundle_of(tmp_path / "b", forest__parquet=stumps(values)), "forest")
    found = trees(np.array([[0.5], [0.6]], dtype=np.float32))  # at the threshold to the left
    assert found.tolist() == [[1 + 10, 2 + 20], [3 + 10, 4 + 20]]


def test_boosting_multiplies_its_baseline(tmp_path: Path) -> None:
    table = stumps([[0.0], [np.log(2)], [0.0], [np.log(3)]])
    bundle = bundle_of(tmp_path / "b", boosting__parquet=table, boosting__json={"baseline": BASELINE})
    found = open_boosting(bundle, "boosting", TIMES, TIMES, (2,))(rows(0.0, 1.0))
    np.testing.assert_allclose(found, [[6 * 0.1, 6 * 0.3], [3 * 0.1, 3 * 0.3]], rtol=1e-6)


def test_a_proportional_hazard_of_a_line_and_a_table(tmp_path: Path) -> None:
    line = {"knots": [], "coefficients": [2.0]}
    content = {"curves": [line], "tables": [[0.0, np.log(5)]], "baseline": BASELINE}
    found = open_additive(bundle_of(tmp_path / "b", cox__json=content), "cox", TIMES, TIMES, (2,))(rows(0.0, 0.5))
    np.testing.assert_allclose(found, [BASELINE, np.exp(1.0) * 5 * np.array(BASELINE)], rtol=1e-6)


def test_a_spline_is_straight_beyond_its_outer_knots() -> None:
    # These coefficients make the cubic B-spline on [0, 1] the function x^2.
    spline = Spline(np.array([0.0] * 4 + [1.0] * 4), np.array([0, 0, 1 / 3, 1]))
    assert spline(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([0, 0.25, 1])
    assert spline(np.array([-2.0, 3.0])).tolist() == pytest.approx([0, 1 + 2 * (3 - 1)])
