"""Pickled DataFrames, read without trusting them: a pickle can name any function and have it called."""

import bz2
import gzip
import io
import lzma
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from components.core.errors import CasebookError

# What a compressed file starts with; a bare pickle starts with none of these.
DECOMPRESS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\xfd7zXZ\x00": lzma.decompress,
    b"\x5d\x00\x00": lzma.decompress,
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\x78\x01": zlib.decompress,
    b"\x78\x5e": zlib.decompress,
    b"\x78\x9c": zlib.decompress,
    b"\x78\xda": zlib.decompress,
}

INTEGERS = {f"{kind}{bits}Dtype" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64)}
FLOATS = {"Float32Dtype", "Float64Dtype"}

# What a DataFrame of numbers, truth values, texts, categories and times names, from pandas 1.0 on:
# by the names of today, and under pandas.core by those that older versions wrote.
ADMITTED: dict[str, set[str]] = {
    "builtins": {"bytearray", "slice"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct"},
    "numpy._core.numeric": {"_frombuffer"},
    "pandas": {"BooleanDtype", "Categorical", "CategoricalDtype", "DataFrame", "DatetimeIndex", "DatetimeTZDtype"}
    | {"Index", "MultiIndex", "RangeIndex", "StringDtype", "TimedeltaIndex"}
    | INTEGERS
    | FLOATS,
    "pandas.arrays": {"ArrowStringArray", "BooleanArray", "DatetimeArray", "FloatingArray", "IntegerArray"}
    | {"StringArray", "TimedeltaArray"},
    "pandas._libs.arrays": {"__pyx_unpickle_NDArrayBacked"},
    "pandas._libs.internals": {"_unpickle_block"},
    "pandas.core.arrays.boolean": {"BooleanArray", "BooleanDtype"},
    "pandas.core.arrays.categorical": {"Categorical"},
    "pandas.core.arrays.datetimes": {"DatetimeArray"},
    "pandas.core.arrays.floating": {"FloatingArray"} | FLOATS,
    "pandas.core.arrays.integer": {"IntegerArray"} | INTEGERS,
    "pandas.core.arrays.string_": {"StringArray", "StringDtype"},
    "pandas.core.arrays.timedeltas": {"TimedeltaArray"},
    "pandas.core.dtypes.dtypes": {"CategoricalDtype", "DatetimeTZDtype"},
    "pandas.core.frame": {"DataFrame"},
    "pandas.core.indexes.base": {"Index", "_new_Index"},
    "pandas.core.indexes.datetimes": {"DatetimeIndex", "_new_DatetimeIndex"},
    "pandas.core.indexes.multi": {"MultiIndex"},
    "pandas.core.indexes.range": {"RangeIndex"},
    "pandas.core.indexes.timedeltas": {"TimedeltaIndex"},
    "pandas.core.internals.managers": {"BlockManager"},
    "pyarrow.lib": {"_restore_array", "py_buffer", "type_for_alias"},
}


class NotAdmittedError(pickle.UnpicklingError):
    """The pickle names something that no DataFrame needs."""


class FrameUnpickler(pickle.Unpickler):
    """Looks up the names of `ADMITTED` and no other."""

    def find_class(self, module: str, name: str) -> Any:
        # The old name of numpy's core still works, with a deprecation warning.
        if module.startswith("numpy.core."):
            module = module.replace("numpy.core.", "numpy._core.", 1)
        if module not in ADMITTED or name not in ADMITTED[module]:
            raise NotAdmittedError(f"{module}.{name}")
        if name == "_restore_array":
            return _restored_array
        return super().find_class(module, name)


def _restored_array(data: Any) -> pa.Array:
    """As pyarrow's own function, which trusts offsets and lengths."""
    array = pa.lib._restore_array(data)
    array.validate(full=True)
    return array


def to_parquet(source: Path, target: Path, label: str) -> None:
    """Read the pickled DataFrame `source`, compressed or not, and write it as Parquet without its index.

    Raises:
        CasebookError: it names something else than the parts of a DataFrame (nothing of it has
            run), is no pickle, holds no DataFrame, or has a column of mixed types.
    """
    try:
        frame = FrameUnpickler(io.BytesIO(_decompressed(source.read_bytes()))).load()
    except NotAdmittedError as error:
        raise CasebookError(
            f"{label}: the pickle names {error}, which is none of the parts of a DataFrame that are read here. It was "
            "not read, for it could run any program; ask its publisher for Parquet or CSV and take that from a file "
            "(`source: kind: file`)"
        ) from None
    except Exception as error:  # a broken pickle can raise almost anything
        raise CasebookError(f"{label}: not a readable pickle ({type(error).__name__}: {error})") from None
    if not isinstance(frame, pd.DataFrame):
        raise CasebookError(f"{label}: the pickle holds a {type(frame).__name__}, not a DataFrame; name another member")
    try:
        frame.to_parquet(target, index=False)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise CasebookError(f"{label}: cannot become Parquet: {'; '.join(map(str, error.args))}") from None


def _decompressed(content: bytes) -> bytes:
    for magic, decompress in DECOMPRESS.items():
        if content.startswith(magic):
            return decompress(content)
    return content
