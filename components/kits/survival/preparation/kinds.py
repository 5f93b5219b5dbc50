"""Kinds of events that the words of an event's column name, beside a word for ending without one."""

import re
from collections.abc import Sequence

import pandas as pd

from components.kits.survival.preparation.events import written_cells

MOST = 6  # kinds: of more, some are to be put together first
WITHOUT = re.compile(
    r"^(0\s*[:=]\s*)?(censor(ed|ing)?|alive|living|survived|event[ -]?free|disease[ -]?free|free|none|no|no event|lost"
    r"( to follow[ -]?up)?|withdrawn|end of (study|follow[ -]?up))$|^(删失|存活)$",
    re.IGNORECASE,
)
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def kinds_of_event(
    cells: pd.Series, missing: Sequence[str], censored: Sequence[str] = ()
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]] | None:
    """Values by the name of their kind, the commonest first, and those of rows (N,) that ended without an event; None
    where the words do not say so, or name one kind alone.
    """
    words = {text for text in missing if not WITHOUT.match(text)}
    counts = written_cells(cells, [*words], censored).value_counts()
    said = {value.strip().casefold() for value in censored}
    without = [value for value in counts.index if WITHOUT.match(value) or value.strip().casefold() in said]
    kinds = [value for value in counts.index if value not in without]
    if not without or not 2 <= len(kinds) <= MOST or any(NUMBER.fullmatch(value) for value in kinds):
        return None
    return {_name(str(value)): (str(value),) for value in kinds}, tuple(map(str, without))


def _name(value: str) -> str:
    """As metrics and columns of answers may be named."""
    return re.sub(r"[^\w .+-]+", " ", value).strip(" _.")[:40].strip() or "event"
