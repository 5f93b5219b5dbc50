"""A ranking bundle small enough to score by hand: six items in two dimensions, three users."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
from onnx import TensorProto, helper

from components.core.bundle import Manifest, write_bundle
from components.recipes.next_item.serving.vectors import vectors_bytes, vectors_table

ITEM_IDS = ["10", "11", "12", "13", "14", "15"]
TITLES = ["Ten", "Eleven", "Twelve", "Thirteen", None, "Fifteen"]
COUNTS = [1, 5, 4, 3, 0, 2]
VECTORS = np.array([[1, 0], [0, 1], [1, 1], [-1, 0], [0, -1], [0.5, 0.25]], np.float32)
BIAS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], np.float32)
EASE = [(0, 1, 0.5), (0, 2, -0.25), (1, 3, 0.75), (2, 5, 1.0)]  # row, column, value
STORED = [(0, 0, 100, 5.0), (0, 1, 200, 3.0), (1, 2, 150, None)]  # user, item, time, rating; user 2 has none
INDEX = {"threshold": 1000, "cells": 4, "probes": 4, "candidates": 5, "sample": 10, "seed": 0}
DATA = {
    "key": ["event"],
    "columns": {"user": "user_id", "item": "item_id", "time": "timestamp", "rating": "rating"},
    "users": 3,
    "items": 6,
    "first_time": 0,
    "last_time": 1000,
    "rating_edges": [2.0, 3.0, 4.0, 5.0],
    "user_features": [{"name": "gender", "kind": "category", "size": 3, "labels": ["(unknown)", "F", "M"]}],
    "item_features": [],
    "protocol": "made up",
    "split": {"by": "leave_one_out"},
    "spec": {"time_unit": "seconds", "missing": ["NA"]},
    "tokens": {"gap_edges": [1, 60], "places": 4, "counts": 8, "period_seconds": 500},
    "window": 2,
}
MEMBERS: list[dict[str, Any]] = [
    {"name": "learner", "kind": "sequence", "file": "learner", "weight": 1.0, "link": "identity", "recency": None},
    {
        "name": "ease",
        "kind": "neighbours",
        "file": "ease",
        "weight": 0.5,
        "link": "identity",
        "recency": {"events": 10.0, "seconds": None, "floor": 0.0, "last": None},
    },
]


def write_tiny(folder: Path, *, members: list[dict[str, Any]] = MEMBERS, **more: Any) -> Path:
    """`more` overrides `data`, `index`, `settings`' `top` or the `tables` of neighbours."""
    settings = {"members": members, "top": more.get("top", 3), "index": {**INDEX, **more.get("index", {})}}
    manifest = Manifest(case="tiny", predictor="ranking.predictor", graphs=("learner",), settings=settings)
    tables = {
        "users.parquet": pa.table({"id": ["1", "2", "3"], "gender": pa.array([1, 2, 0], pa.int32())}),
        "items.parquet": pa.table({"id": ITEM_IDS, "title": pa.array(TITLES, pa.string()), "count": COUNTS}),
        "histories.parquet": _columns(
            STORED, ("user", pa.int32()), ("item", pa.int32()), ("time", pa.int64()), ("rating", pa.float32())
        ),
    }
    for name, entries in more.get("tables", {"ease": EASE}).items():
        kinds = (("row", pa.int32()), ("column", pa.int32()), ("value", pa.float32()))
        tables[f"{name}.parquet"] = _columns(entries, *kinds)
    write_bundle(
        folder,
        manifest,
        {
            "learner.onnx": graph().SerializeToString(),
            "item_vectors.parquet": vectors_bytes(vectors_table(VECTORS, BIAS, int8=False)),
            "interactions.json": {**DATA, **more.get("data", {})},
            **{name: parquet(table) for name, table in tables.items()},
        },
    )
    return folder


def graph() -> onnx.ModelProto:
    """The query is the sum of the vectors shown, and of a tenth of the user's code in both dimensions."""
    nodes = [
        helper.make_node("ReduceSum", ["vectors", "places"], ["shown"], keepdims=0),
        helper.make_node("Cast", ["user"], ["codes"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["codes", "tenth"], ["small"]),
        helper.make_node("Add", ["shown", "small"], ["query"]),
    ]
    inputs = [
        helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", "length", 2]),
        helper.make_tensor_value_info("user", TensorProto.INT64, ["batch", 1]),
    ]
    outputs = [helper.make_tensor_value_info("query", TensorProto.FLOAT, ["batch", 2])]
    constants = [
        helper.make_tensor("places", TensorProto.INT64, [1], [1]),
        helper.make_tensor("tenth", TensorProto.FLOAT, [], [0.1]),
    ]
    made = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def by_hand(items: list[int], gender: int, members: list[dict[str, Any]] = MEMBERS) -> np.ndarray:
    """The blend `(6,)` of a history of item indices, oldest first, worked out apart from the code."""
    query = np.sum([VECTORS[item].astype(float) for item in items[-2:]], axis=0) + 0.1 * gender
    logits = VECTORS.astype(float) @ query + BIAS
    weights: Mapping[int, float] = {item: np.exp(-lag / 10) for lag, item in reversed(list(enumerate(items[::-1])))}
    ease = np.zeros(6)
    for row, column, value in EASE:
        ease[column] += weights.get(row, 0) * value
    if members[0]["link"] == "softmax":
        logits = np.exp(logits) / np.exp(logits).sum()
    return members[0]["weight"] * _z(logits) + members[1]["weight"] * _z(ease)


def _z(scores: np.ndarray) -> np.ndarray:
    return (scores - scores.mean()) / (scores.std() + 1e-9)


def _columns(rows: list[tuple[Any, ...]], *fields: tuple[str, pa.DataType]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(column, kind) for column, (name, kind) in zip(columns, fields, strict=True)})
