"""Tensors of the Open Inference Protocol v2 to columns and back, as JSON and as bytes behind it.

Triton's clients send and want the bytes: its extension of binary data, where `Inference-Header-Content-Length` says how
long the JSON is, and each tensor how many of the bytes after it are its own.
"""

import base64
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.serving.problems import Detail, Problem
from components.serving.writing import json_text

TYPES: Mapping[str, str] = {
    "BOOL": "?",
    **{f"{sign}INT{bits}": f"<{kind}{bits // 8}" for sign, kind in (("", "i"), ("U", "u")) for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}
TEXT = "BYTES"
PREFIX = struct.Struct("<I")  # the length of each element of BYTES
SIZE = "binary_data_size"


def columns_of(inputs: Any, rest: bytes) -> dict[str, list[Any]]:
    """Tensors (N,) or (N, 1), one a column; `rest` are the bytes after the JSON.

    Raises:
        Problem: 422, one has no name, or another form than it says, or they are of several lengths.
    """
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, Mapping) for one in inputs):
        raise Problem(422, "no list of inputs", [Detail(("inputs",), "send a tensor for each column", inputs)])
    columns: dict[str, list[Any]] = {}
    for number, one in enumerate(inputs):
        name = one.get("name")
        if not isinstance(name, str) or name in columns:
            raise _wrong(number, "has no name, or that of another", name)
        size = _size(number, one)
        if size is None:
            columns[name] = _flat(number, one, one.get("data"))
        else:
            part, rest = rest[:size], rest[size:]
            columns[name] = _flat(number, one, _read(number, str(one.get("datatype")), part, size))
    if rest:
        raise Problem(
            422, f"{len(rest):,} byte(s) more than the inputs have", [Detail(("inputs",), "check their sizes")]
        )
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise Problem(422, f"inputs of several lengths: {lengths}"[:500], [Detail(("inputs",), "send one value a row")])
    return columns


def _size(number: int, tensor: Mapping[str, Any]) -> int | None:
    """The tensor's bytes, None where it stands in the JSON."""
    parameters = tensor.get("parameters")
    size = parameters.get(SIZE) if isinstance(parameters, Mapping) else None
    if size is not None and not (type(size) is int and size >= 0):
        raise _wrong(number, f"{SIZE} is no number of bytes", size)
    return size


def _flat(number: int, tensor: Mapping[str, Any], data: Any) -> list[Any]:
    """Its cells (N,), as many as its shape says."""
    if not isinstance(data, list):
        raise _wrong(number, "has no data", data)
    cells = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in data]
    shape = tensor.get("shape", [len(cells)])
    if not isinstance(shape, list) or not all(type(one) is int and one >= 0 for one in shape):
        raise _wrong(number, "its shape is no list of lengths", shape)
    if math.prod(shape[1:]) != 1 or shape[:1] != [len(cells)]:
        raise _wrong(number, f"has {len(cells)} value(s) and the shape {str(shape)[:60]}; send (N,) or (N, 1)", None)
    return cells


def _read(number: int, datatype: str, part: bytes, size: int) -> list[Any]:
    if len(part) < size:
        raise _wrong(number, f"{size} byte(s) are said and {len(part)} sent", None)
    if datatype == TEXT:
        return [_text(one) for one in _elements(number, part)]
    kind = TYPES.get(datatype)
    if kind is None or size % np.dtype(kind).itemsize:
        raise _wrong(number, f"{size} byte(s) are no tensor of this datatype", datatype)
    return _exact(np.frombuffer(part, kind))


def _exact(found: np.ndarray) -> list[Any]:
    """Values (N,) as Python has them. A number of 16 or 32 bits is the shortest decimal that it stands for: .1, not
    .10000000149, as it would be in JSON.
    """
    if found.dtype.kind == "f":
        found = np.array([float(str(value)) for value in found]) if found.dtype.itemsize < 8 else found
        return [None if math.isnan(value) else value for value in found.tolist()]
    return found.tolist()


def _elements(number: int, part: bytes) -> list[bytes]:
    found, place = [], 0
    while place < len(part):
        start = place + PREFIX.size
        place = start + PREFIX.unpack_from(part, place)[0] if start <= len(part) else len(part) + 1
        if place > len(part):
            raise _wrong(number, "an element of BYTES goes beyond its tensor", None)
        found.append(part[start:place])
    return found


def _text(element: bytes) -> str:
    """A text; what is none, as a picture, as base64."""
    try:
        return element.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(element).decode()


def _wrong(number: int, told: str, given: Any) -> Problem:
    return Problem(422, f"an input that {told}", [Detail(("inputs", number), told, given)])


def tensor(name: str, datatype: str, values: Sequence[Any], *, binary: bool) -> tuple[dict[str, Any], bytes]:
    """Values (N,) as a tensor of the datatype, and its bytes where it is `binary`. None is NaN, or an empty text."""
    said: dict[str, Any] = {"name": name, "datatype": datatype, "shape": [len(values)]}
    if datatype == TEXT:
        texts = ["" if value is None else value if isinstance(value, str) else json_text(value) for value in values]
        if not binary:
            return {**said, "data": texts}, b""
        part = b"".join(PREFIX.pack(len(one)) + one for one in (text.encode() for text in texts))
    else:
        cells = np.array([math.nan if value is None else value for value in values], TYPES[datatype])
        if not binary:
            return {**said, "data": cells}, b""
        part = cells.tobytes()
    return {**said, "parameters": {SIZE: len(part)}}, part
