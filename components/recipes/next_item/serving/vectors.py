"""A table of item vectors as Parquet: in float32, in eight bits, or as two thin factors.

`vector` holds the bytes of an item's numbers, float32, or int8 that `scale` multiplies: Parquet itself has
no numbers of less than four bytes. Of factors it is the left one's row; the right one is in the file's
metadata, in base64. `bias` is the item's own.
"""

import base64
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError

RIGHT, RANK = b"right", b"rank"
LARGEST = 127  # int8 is kept symmetric


def vectors_table(vectors: np.ndarray, bias: np.ndarray, *, int8: bool, right: np.ndarray | None = None) -> pa.Table:
    """`vectors (M, d)` and `bias (M,)` as a table to write; with `right (r, d)` the vectors are `(M, r)` factors."""
    columns: dict[str, pa.Array] = {}
    if int8:
        scale = np.abs(vectors).max(axis=1, initial=0) / LARGEST
        whole = np.rint(vectors / np.where(scale > 0, scale, 1)[:, None]).astype(np.int8)
        columns["vector"], columns["scale"] = _bytes(whole), pa.array(scale.astype(np.float32))
    else:
        columns["vector"] = _bytes(vectors.astype(np.float32))
    columns["bias"] = pa.array(bias.astype(np.float32))
    table = pa.table(columns)
    if right is None:
        return table
    stored = base64.b64encode(np.ascontiguousarray(right, np.float32).tobytes())
    return table.replace_schema_metadata({RANK: str(len(right)).encode(), RIGHT: stored})


def vectors_bytes(table: pa.Table) -> bytes:
    """The Parquet file of such a table, as a bundle takes it: vectors do not compress."""
    sink = pa.BufferOutputStream()
    plain = table.replace_schema_metadata()
    with pq.ParquetWriter(sink, plain.schema, compression="none", use_dictionary=False, store_schema=False) as writer:
        writer.write_table(plain)
        writer.add_key_value_metadata(table.schema.metadata or {})
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_vectors(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The vectors `(M, d)` and the bias `(M,)`, both float32, in whichever form they are stored.

    Raises:
        CasebookError: the file is none that `vectors_table` makes.
    """
    try:
        table = pq.read_table(path)
        bias = table["bias"].to_numpy().astype(np.float32)
        scale = table["scale"].to_numpy() if "scale" in table.column_names else None
        vectors = _numbers(table["vector"].combine_chunks(), np.float32 if scale is None else np.int8)
    except (pa.ArrowException, KeyError, AttributeError) as error:
        raise CasebookError(f"{path}: not a file of item vectors: {error}; make the bundle again") from None
    if scale is not None:
        vectors *= scale[:, None]
    metadata = table.schema.metadata or {}
    if RIGHT in metadata:
        right = np.frombuffer(base64.b64decode(metadata[RIGHT]), np.float32)
        vectors = vectors @ right.reshape(int(metadata[RANK]), -1)
    return vectors, bias


def _bytes(rows: np.ndarray) -> pa.Array:
    kind = pa.binary(rows.shape[1] * rows.itemsize)
    return pa.Array.from_buffers(kind, len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows).tobytes())])


def _numbers(column: pa.FixedSizeBinaryArray, kind: type[np.generic]) -> np.ndarray:
    width = column.type.byte_width
    content = memoryview(column.buffers()[1])[column.offset * width : (column.offset + len(column)) * width]
    return np.frombuffer(content, kind).reshape(len(column), -1).astype(np.float32)
