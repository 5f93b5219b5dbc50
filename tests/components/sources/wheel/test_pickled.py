"""A pickled DataFrame is read; a pickle that names anything else is refused before it runs."""

import bz2
import gzip
import importlib
import lzma
import os
import pickle
import warnings
import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.core.errors import CasebookError
from components.core.params.source import Limits
from components.sources.wheel import pickled
from components.sources.wheel.pickled import to_parquet, told
from components.sources.wheel.unpickle import ADMITTED, write
from tests.components.sources.wheel.crafted import CRAFTED

FRAMES = {
    "numbers": pd.DataFrame({"i": [1, -2], "f": [0.5, np.nan], "b": [True, False], "small": np.array([1, 2], "int8")}),
    "texts": pd.DataFrame({"t": ["a", None], "汉字": ["资料", "é"]}),
    "categories": pd.DataFrame({"c": pd.Categorical(["x", "y"], ordered=True)}),
    "times": pd.DataFrame({"d": pd.to_datetime(["2020-01-01", None]), "t": pd.to_timedelta([1, 2], unit="s")}),
    "zones": pd.DataFrame({"d": pd.to_datetime(["2020-01-01", "2021-06-01"]).tz_localize("UTC")}),
    "nullable": pd.DataFrame({"i": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")}),
    "index": pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)])),
    "empty": pd.DataFrame({"a": pd.array([], "int64")}),
}
OBJECTS = pd.DataFrame({"a": np.array(["x", "y"], object), "n": [1, 2]}, columns=pd.Index(["a", "n"], dtype=object))


def convert(content: bytes, tmp_path) -> pd.DataFrame:
    source, target = tmp_path / "in.pkl", tmp_path / "out.parquet"
    source.write_bytes(content)
    what, words = write(source, target)  # in this process: that it has one of its own, others test below
    if what != "written":
        raise CasebookError(f"rows.whl: in.pkl: {told(what, words)}")
    return pd.read_parquet(target)


def refused(content: bytes, tmp_path) -> str:
    with pytest.raises(CasebookError) as error:
        convert(content, tmp_path)
    assert not (tmp_path / "out.parquet").exists()
    return str(error.value)


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_keeps_its_columns_and_loses_its_index(name, tmp_path):
    expected = FRAMES[name].reset_index(drop=True)
    pd.testing.assert_frame_equal(convert(pickle.dumps(FRAMES[name]), tmp_path), expected)


@pytest.mark.parametrize(
    "compress",
    [
        bytes,
        lzma.compress,
        lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
        gzip.compress,
        bz2.compress,
        *(lambda content, level=level: zlib.compress(content, level) for level in (0, 5, 6, 9)),
    ],
    ids=["bare", "xz", "lzma", "gzip", "bz2", "zlib0", "zlib5", "zlib6", "zlib9"],
)
def test_compression_is_known_by_its_first_bytes(compress, tmp_path):
    assert convert(compress(pickle.dumps(OBJECTS)), tmp_path).to_dict("list") == {"a": ["x", "y"], "n": [1, 2]}


def test_the_names_of_older_pandas_and_numpy_are_read_without_a_warning(tmp_path):
    old = pickle.dumps(OBJECTS, protocol=3)
    for now, then in {
        b"cnumpy._core.": b"cnumpy.core.",
        b"cpandas\nDataFrame": b"cpandas.core.frame\nDataFrame",
        b"cpandas\nIndex": b"cpandas.core.indexes.base\nIndex",
        b"cpandas\nRangeIndex": b"cpandas.core.indexes.range\nRangeIndex",
    }.items():
        assert now in old
        old = old.replace(now, then)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert convert(old, tmp_path).to_dict("list") == {"a": ["x", "y"], "n": [1, 2]}


class Runs:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("compress", [bytes, lzma.compress])
def test_a_pickle_that_runs_a_program_is_refused_by_name(compress, tmp_path):
    marker = tmp_path / "has-run"
    content = pickle.dumps(Runs(os.system, f"touch {marker}"))
    pickle.loads(content)  # noqa: S301 - to see that it does harm
    assert marker.exists(), "the pickle must be one that works"
    marker.unlink()
    message = refused(compress(content), tmp_path)
    assert "rows.whl: in.pkl: the pickle names posix.system" in message
    assert "kind: file" in message
    assert not marker.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("pandas", "read_pickle"),
        ("pandas", "DataFrame.to_csv"),  # a dotted name would reach into an admitted class
        ("pandas.core.frame", "DataFrame.eval"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "fromfile"),
        ("pandas.core.indexes.base", "np.load"),
        ("pyarrow.lib", "memory_map"),
        ("subprocess", "Popen"),
    ],
)
def test_no_other_name_is_looked_up(module, name, tmp_path):
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    content = b"\x80\x04" + texts + b"\x93."  # PROTO 4, two texts, STACK_GLOBAL, STOP
    assert f"names {module.replace('numpy.core', 'numpy._core')}.{name}," in refused(content, tmp_path)


def test_a_name_hidden_in_a_frame_is_found(tmp_path):
    frame = pd.DataFrame({"a": np.array([Runs(os.system, "true"), 1], object)})
    assert "names posix.system" in refused(pickle.dumps(frame), tmp_path)


def test_text_whose_offsets_lie_is_refused(tmp_path):
    honest = pickle.dumps(pd.DataFrame({"a": ["x" * 9, "y" * 9]}))
    offsets = np.array([0, 9, 18], "int64").tobytes()
    assert offsets in honest
    assert "ArrowInvalid" in refused(honest.replace(offsets, np.array([0, 9, 1 << 40], "int64").tobytes()), tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", pickle.dumps(OBJECTS)[:-20], lzma.compress(pickle.dumps(OBJECTS))[:-20], b"\x80\x04."],
    ids=["empty", "csv", "cut", "cut-xz", "nothing"],
)
def test_what_is_no_pickle_is_told(content, tmp_path):
    assert "rows.whl: in.pkl: not a readable pickle (" in refused(content, tmp_path)


def test_a_pickle_of_something_else_is_told(tmp_path):
    assert "the pickle holds a dict, not a DataFrame" in refused(pickle.dumps({"a": [1]}), tmp_path)


def test_a_column_of_mixed_types_is_named(tmp_path):
    frame = pd.DataFrame({"fine": [1, 2], "mixed": np.array(["x", 1.5], object)})
    message = refused(pickle.dumps(frame), tmp_path)
    assert "cannot become Parquet" in message
    assert "mixed" in message


def test_every_admitted_name_exists_and_is_a_class_or_one_of_the_known_makers():
    makers = {"_reconstruct", "_frombuffer", "_unpickle_block", "_new_Index", "_new_DatetimeIndex"}
    makers |= {"__pyx_unpickle_NDArrayBacked", "_restore_array", "py_buffer", "type_for_alias"}
    for module, names in ADMITTED.items():
        for name in names:
            assert isinstance(getattr(importlib.import_module(module), name), type) or name in makers, (module, name)


def test_the_same_pickle_gives_the_same_bytes(tmp_path):
    content = pickle.dumps(FRAMES["texts"])
    convert(content, tmp_path)
    first = (tmp_path / "out.parquet").read_bytes()
    convert(content, tmp_path)
    assert (tmp_path / "out.parquet").read_bytes() == first
    assert pa.parquet.read_schema(tmp_path / "out.parquet").names == ["t", "汉字"]


def apart(content: bytes, tmp_path, **limits: float) -> str:
    """What the message says of a pickle that a process of its own has read, or the rows of one that is fine."""
    source, target = tmp_path / "in.pkl", tmp_path / "out.parquet"
    source.write_bytes(content)
    try:
        to_parquet(source, target, "rows.whl: in.pkl", Limits.model_validate(limits))
    except CasebookError as error:
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.pkl"], "half of it was left"
        return str(error)
    return str(pd.read_parquet(target).to_dict("list"))


def test_a_process_of_its_own_reads_it_and_has_no_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("CASEBOOK_TOKEN", "canary")
    assert apart(pickle.dumps(OBJECTS), tmp_path) == "{'a': ['x', 'y'], 'n': [1, 2]}"
    assert "CASEBOOK_TOKEN" not in pickled.environment()


CRASHING = [name for name in CRAFTED if name.startswith(("arrow", "large", "deep", "frame_from_buffer_number"))]


@pytest.mark.parametrize("name", sorted(CRAFTED.keys() - CRASHING))
def test_what_a_crafted_pickle_names_is_checked(name, tmp_path):
    assert len(refused(CRAFTED[name], tmp_path).splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", CRASHING)
def test_a_crafted_pickle_that_crashes_its_process_is_an_error_that_names_the_file(name, tmp_path):
    message = apart(CRAFTED[name], tmp_path, memory_megabytes=1000, seconds=20)
    assert message.startswith("rows.whl: in.pkl: "), "it was read"


@pytest.mark.slow
def test_memory_and_time_have_limits(tmp_path):
    big = pickle.dumps(pd.DataFrame({"a": np.zeros(2_000_000)}))
    assert apart(big, tmp_path).startswith("{'a': [0.0,")
    (tmp_path / "out.parquet").unlink()
    message = apart(gzip.compress(bytes(100_000_000), 1), tmp_path, memory_megabytes=50)
    assert "needs more than 50 MB of memory; raise source.limits.memory_megabytes" in message
    long = gzip.compress(b"\x80\x04" + b"}0" * 60_000_000 + b"N.", 1)  # a dict and away with it, again and again
    assert "was not read within 1 s; raise source.limits.seconds" in apart(long, tmp_path, seconds=1)
