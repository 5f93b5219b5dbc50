from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.compression.lowrank import low_rank
from components.core.errors import CasebookError
from components.recipes.next_item.serving.vectors import read_vectors, vectors_bytes, vectors_table

VECTORS = np.random.default_rng(3).normal(size=(200, 64)).astype(np.float32)
BIAS = np.linspace(-1, 1, 200, dtype=np.float32)


def written(path: Path, table: pa.Table) -> Path:
    path.write_bytes(vectors_bytes(table))
    return path


def test_float32_comes_back_as_it_was(tmp_path: Path) -> None:
    vectors, bias = read_vectors(written(tmp_path / "v.parquet", vectors_table(VECTORS, BIAS, int8=False)))
    assert vectors.dtype == bias.dtype == np.float32
    np.testing.assert_array_equal(vectors, VECTORS)
    np.testing.assert_array_equal(bias, BIAS)


def test_int8_is_off_by_half_a_step_of_its_row_at_most(tmp_path: Path) -> None:
    rows = np.vstack([VECTORS, np.zeros((1, 64), np.float32), [[1270.0] + [5.0] * 63]])
    path = written(tmp_path / "v.parquet", vectors_table(rows, np.zeros(len(rows)), int8=True))
    vectors, _ = read_vectors(path)
    step = np.abs(rows).max(axis=1, keepdims=True) / 127
    assert (np.abs(vectors - rows) <= step / 2 + 1e-5).all()
    assert vectors[-1, :2].tolist() == [1270.0, 0.0]  # 5 is half of the step of 10, and rint goes to the even one


def test_each_form_is_smaller_than_the_one_before() -> None:
    factors = low_rank(VECTORS, 16)
    forms = [
        vectors_table(VECTORS, BIAS, int8=False),
        vectors_table(VECTORS, BIAS, int8=True),
        vectors_table(factors.left, BIAS, int8=True, right=factors.right),
    ]
    sizes = [len(vectors_bytes(form)) for form in forms]
    assert sizes[0] > 200 * 64 * 4
    assert sizes[1] < 0.4 * sizes[0]
    # 16 of 64 numbers a row, a factor of 16 by 64 in base64 and some headers
    assert sizes[2] < 200 * (16 + 8) + 16 * 64 * 4 * 4 / 3 + 3000


@pytest.mark.parametrize("int8", [False, True])
def test_factors_come_back_as_their_product(tmp_path: Path, *, int8: bool) -> None:
    factors = low_rank(VECTORS, 16)
    table = vectors_table(factors.left, BIAS, int8=int8, right=factors.right)
    vectors, bias = read_vectors(written(tmp_path / "v.parquet", table))
    assert vectors.shape == VECTORS.shape
    assert vectors == pytest.approx(factors.whole(), abs=0.1 if int8 else 1e-6)
    np.testing.assert_array_equal(bias, BIAS)


def test_the_same_vectors_give_the_same_bytes() -> None:
    assert vectors_bytes(vectors_table(VECTORS, BIAS, int8=True)) == vectors_bytes(
        vectors_table(VECTORS, BIAS, int8=True)
    )


def test_another_file_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("no parquet")
    for name in ("other", "text"):
        with pytest.raises(CasebookError, match="not a file of item vectors"):
            read_vectors(tmp_path / f"{name}.parquet")
