"""A line is answered by a process that cannot load what it does not need."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.recipes.conversion.encoding.ngrams import read_parquet, values_of
from tests.components.recipes.conversion.serving.tiny import write_tiny
from tests.toy.jobs import CHECKOUT

ALONE = """
import sys
for name in ("pandas", "scipy", "sklearn", "torch", "mlflow", "sympy", "pypinyin"):
    sys.modules[name] = None
from pathlib import Path
from components.recipes.conversion.predict import predict_file
bundle, source, target = map(Path, sys.argv[1:])
predict_file(bundle, source, target, {"n_best": 1})
"""


def test_a_line_is_answered_without_pandas_and_others(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("ni hao\n")
    words = [write_tiny(tmp_path / "bundle"), tmp_path / "lines.txt", tmp_path / "answers.txt"]
    subprocess.run([sys.executable, "-c", ALONE, *map(str, words)], cwd=CHECKOUT, check=True)
    assert (tmp_path / "answers.txt").read_text().split("\t")[3] == "你好\n"


@pytest.mark.parametrize("kind", [pa.int8(), pa.int32(), pa.int64(), pa.float16(), pa.float32(), pa.float64()])
def test_values_are_those_of_arrow(tmp_path: Path, kind: pa.DataType) -> None:
    column = pa.array([1, 2, 3, 4], pa.int64()).cast(pa.float32()).cast(kind)
    pq.write_table(pa.table({"a": column}), tmp_path / "a.parquet", row_group_size=2)
    found = values_of(read_parquet(tmp_path / "a.parquet")["a"].combine_chunks())
    assert (found.tolist(), str(found.dtype)) == ([1, 2, 3, 4], str(column.to_numpy().dtype))
    assert values_of(column.slice(1, 2)).tolist() == [2, 3]


def test_truths_and_nothing() -> None:
    assert values_of(pa.array([True, False, True]).slice(1)).tolist() == [False, True]
    assert values_of(pa.array([], pa.int32())).tolist() == []
