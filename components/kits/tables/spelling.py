"""Typed rows of a table in which each class is written in one way."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.convert import STRING, Typed, values_of
from components.kits.tables.encoding.spec import CategoricalColumn, FeatureParams
from components.kits.tables.encoding.spelling import Spelling, written
from components.kits.tables.encoding.text import as_label, as_text

log = logging.getLogger(__name__)

SHOWN = 5
Spellings = Mapping[str, Mapping[str, str]]


def one_spelling(typed: Typed, spec: FeatureParams, known: Spellings | None = None) -> tuple[Typed, Spellings]:
    """The rows, and by column how each folded class is written: as it is `known`, or else as most of the rows have it.

    All stays as it is, and nothing is known, where `encode.fold` is off.
    """
    if not spec.encode.fold:
        return typed, {}
    found, columns = dict(known or {}), {}
    for name, column in spec.columns.items():
        if isinstance(column, CategoricalColumn):
            text = values_of(typed.frame[name])
            listed = as_label(as_text(column.values or (), ())).to_pylist()
            found[name] = written(text, listed) if known is None else known[name]
            columns[name] = _in_one(name, text, Spelling.of(found[name]))
    frame = typed.frame.assign(**{name: STRING.__from_arrow__(text) for name, text in columns.items()})
    return replace(typed, frame=frame), found


def _in_one(name: str, text: pa.Array, spelling: Spelling) -> pa.Array:
    one = spelling(text)
    changed = pc.fill_null(pc.not_equal(one, text), False)
    pairs = dict(zip(text.filter(changed).to_pylist(), one.filter(changed).to_pylist(), strict=True))
    if pairs:
        shown = ", ".join(f"{other!r} as {name!r}" for other, name in list(pairs.items())[:SHOWN])
        log.info("column %s: classes that differ in case, blanks or width are one: %s", name, shown)
    return one
