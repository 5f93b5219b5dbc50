"""What reads a pickled DataFrame, in a process of its own: a pickle can name any function and have it called."""

import bz2
import gzip
import io
import json
import lzma
import math
import os
import pickle
import re
import resource
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from components.core.params.source import MEGABYTE, Limits

MESSAGE = 2000  # characters: what a pickle holds can be as long as it likes

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
        if (module, name) in CHECKED:
            return CHECKED[module, name]
        return super().find_class(module, name)


def _restored_array(data: Any) -> pa.Array:
    """As pyarrow's own function, which trusts offsets and lengths."""
    array = pa.lib._restore_array(data)
    array.validate(full=True)
    return array


class _Array:
    """Stands for `numpy.ndarray` where a pickle names it: called, that would look at memory beside its buffer."""


def _empty_array(kind: Any, shape: Any, _letter: Any) -> np.ndarray:
    """An empty array, which gets its values next, as numpy makes it."""
    if kind is not _Array or shape != (0,):
        raise pickle.UnpicklingError(f"an array of {kind!r} begins with the shape {shape!r}"[:MESSAGE])
    return np.ndarray((0,), "b")


def _plain_type(letters: Any, _align: Any = False, _copy: Any = True) -> np.dtype:
    """One type a value: the fields of a structure can be said to lie anywhere in memory."""
    if not isinstance(letters, str) or not PLAIN.fullmatch(letters):
        raise pickle.UnpicklingError(f"a type {letters!r} of numpy's, which no column of a DataFrame has"[:MESSAGE])
    return np.dtype(letters, copy=True)


# What stands for these names; each is stricter than what it stands for.
CHECKED: dict[tuple[str, str], Any] = {
    ("pyarrow.lib", "_restore_array"): _restored_array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _plain_type,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
}
PLAIN = re.compile(r"[<>|=]?[biufcmMOSU]\d*(\[\w+\])?|bool")


def main(source: Path, target: Path, limits: Limits) -> None:
    """Read the pickle within the limits; what became of it goes to the standard output, as JSON."""
    limit(limits)
    what, words = write(source, target)
    sys.stdout.write(json.dumps({"what": what, "words": words}))
    sys.stdout.flush()
    os._exit(0)  # what was read is not taken apart again, which a crafted one may not survive


def write(source: Path, target: Path) -> tuple[str, str]:
    """Write the DataFrame as Parquet; what became of it, in one of the words of `pickled.told`, and the details."""
    try:
        frame = FrameUnpickler(io.BytesIO(_decompressed(source.read_bytes()))).load()
    except NotAdmittedError as error:
        return "names", str(error)
    except Exception as error:  # a broken pickle can raise almost anything
        return "unreadable", f"{type(error).__name__}: {error}"[:MESSAGE]
    if not isinstance(frame, pd.DataFrame):
        return "holds", type(frame).__name__
    try:
        frame.to_parquet(target, index=False)
    except MemoryError as error:
        return "unreadable", f"MemoryError: {error}"[:MESSAGE]
    except (pa.ArrowException, ValueError, TypeError) as error:
        return "columns", "; ".join(map(str, error.args))[:MESSAGE]
    except Exception as error:  # what it holds is not what it says
        return "unreadable", f"{type(error).__name__}: {error}"[:MESSAGE]
    return "written", ""


def limit(limits: Limits) -> None:
    """Let this process have so much more memory, seconds of a processor and bytes of a file, and no core file."""
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    seconds = math.ceil(time.process_time() + limits.seconds)
    for what, most in (
        (resource.RLIMIT_AS, used + int(limits.memory_megabytes * MEGABYTE)),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, int(limits.megabytes * MEGABYTE)),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        given = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (given, given))


def _decompressed(content: bytes) -> bytes:
    for magic, decompress in DECOMPRESS.items():
        if content.startswith(magic):
            return decompress(content)
    return content
