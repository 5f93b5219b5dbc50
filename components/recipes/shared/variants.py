"""A bundle with other files in it, and with its network in eight bits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from components.compression import quantize
from components.compression.quantize import Feed
from components.core.bundle import GRAPH, Content, read_bundle, write_bundle
from components.core.job import BUNDLE, AnyJob
from components.core.parts import Maker

FEED_ROWS = 64


def replaced(bundle: Path, contents: Mapping[str, Content], folder: Path) -> None:
    """A copy of a bundle in which these files are others."""
    source = read_bundle(bundle, threads=1)
    write_bundle(folder, source.manifest, {**source.contents(), **contents})


def int8_dynamic(bundle: Path, graph: str, folder: Path, contents: Mapping[str, Content] | None = None) -> None:
    """A copy of a bundle whose graph has weights in int8, and in which the files of `contents` are others."""
    smaller = folder.with_suffix(GRAPH)
    quantize.int8_dynamic(bundle / f"{graph}{GRAPH}", smaller)
    replaced(bundle, {f"{graph}{GRAPH}": smaller.read_bytes(), **(contents or {})}, folder)


def int8_static(
    bundle: Path,
    graph: str,
    folder: Path,
    feeds: Sequence[Feed],
    contents: Mapping[str, Content] | None = None,
    **settings: Any,
) -> None:
    """As `int8_dynamic`, with activations in int8 too; `settings` are those of `quantize.int8_static`."""
    smaller = folder.with_suffix(GRAPH)
    quantize.int8_static(bundle / f"{graph}{GRAPH}", smaller, feeds, **settings)
    replaced(bundle, {f"{graph}{GRAPH}": smaller.read_bytes(), **(contents or {})}, folder)


def first_feeds(graph: Path, inputs: Mapping[str, np.ndarray], count: int) -> list[Feed]:
    """The first `count` rows in batches. Of the inputs (N, ...) by name those that the exported graph kept."""
    names = {put.name for put in onnx.load(graph, load_external_data=False).graph.input}
    rows = min(count, *(len(values) for values in inputs.values()))
    return [
        {name: values[start : min(start + FEED_ROWS, rows)] for name, values in inputs.items() if name in names}
        for start in range(0, rows, FEED_ROWS)
    ]


def in_int8(graph: str) -> Maker:
    """The maker of a variant whose one graph has weights in int8."""

    def make(_job: AnyJob, _params: object, fitted: Path, folder: Path) -> None:
        int8_dynamic(fitted / BUNDLE, graph, folder)

    return make
