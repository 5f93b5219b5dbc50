"""Columns of numbers written for people: which separators and which unit they have."""

import re
from typing import Any

import numpy as np
import pyarrow.compute as pc

from components.kits.tables.encoding.text import as_amount
from components.kits.tables.seen import MANY_NUMBERS, Guess, Seen, accept, is_word

SEPARATORS = ((",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."))  # thousands, decimal
UNITS = {"%", "％", "$", "€", "£", "¥", "￥", "元", "₹", "₽", "USD", "EUR", "GBP", "CNY", "RMB", "CHF", "kr"}


def guess_amount(seen: Seen) -> Guess | None:
    """The writing that fits most cells; the first of equals."""
    best: tuple[int, dict[str, Any], np.ndarray] | None = None
    for unit in _units(seen):
        for thousands, decimal in SEPARATORS:
            _, broken = as_amount(seen.texts, thousands, decimal, unit)
            cells = int(seen.counts[broken].sum())
            if best is None or cells < best[0]:
                column = {"kind": "amount", "thousands": thousands, "decimal": decimal, "unit": unit}
                best = cells, column, broken
    if best is None or _is_ambiguous(seen, best[1]):
        return None
    return accept(seen, best[2], {**best[1], "min": None, "max": None}, MANY_NUMBERS, is_word)


def _units(seen: Seen) -> list[str]:
    """What stands around the numbers: a known sign, or one word behind a blank in every cell."""
    rest = pc.utf8_trim_whitespace(pc.replace_substring_regex(seen.texts, r"[\d.,'()+\-\s]+", " "))
    after = pc.all(pc.match_substring_regex(seen.texts, r"^[+-]?[\d.,]+\s+\pL+$")).as_py()
    common = rest.value_counts().to_pylist()
    known = [item["values"] for item in common if item["values"] in UNITS]
    return ["", *known, *([common[0]["values"]] if after and len(common) == 1 else [])]


def _is_ambiguous(seen: Seen, column: dict[str, Any]) -> bool:
    """1,234 beside 1500: a comma before three digits may be of thousands or of decimals, a factor of 1000."""
    mark = re.escape(column["thousands"])
    grouped = pc.match_substring_regex(seen.texts, rf"^[^\d]*\d{{1,3}}{mark}\d{{3}}[^\d]*$")
    plain = pc.match_substring_regex(seen.texts, r"^[^\d]*\d{4,}[^\d]*$")
    told = pc.match_substring_regex(seen.texts, rf"\d{mark}\d{{3}}({mark}|{re.escape(column['decimal'])})\d")
    return bool(pc.any(grouped).as_py() and pc.any(plain).as_py() and not pc.any(told).as_py())
