"""Columns of numbers written for people: which separators, unit and magnitudes they have."""

import logging
from typing import Any

from components.core.errors import CasebookError
from components.kits.tables.encoding.text import as_amount
from components.kits.tables.numbers.decide import Writing, of_numbers
from components.kits.tables.numbers.marks import BETWEEN, OTHER, Marks
from components.kits.tables.numbers.units import MAGNITUDES, family_of, is_known, same_unit
from components.kits.tables.seen import MANY_NUMBERS, Guess, Seen, accept, is_word

log = logging.getLogger(__name__)


def guess_amount(seen: Seen, marks: Marks, writing: Writing) -> Guess | None:
    """An amount as the file writes them.

    Raises:
        CasebookError: numbers of two units, or thousands parted in two ways.
    """
    if not marks.numbers:
        return None
    units, magnitudes = _units(marks)
    if len(units) > 1 and _is_told(marks, units):
        raise _two_units(marks, units)
    spellings = units[0] if len(units) == 1 else []
    suffixes = dict.fromkeys(spellings[1:], 1.0) | family_of(magnitudes)
    unit = spellings[0] if spellings else ""
    column: dict[str, Any] = {"kind": "amount", "thousands": thousands_of(marks, writing), "decimal": writing.decimal}
    _, broken = as_amount(seen.texts, column["thousands"], writing.decimal, unit, suffixes)
    column |= {"unit": unit, **({"suffixes": suffixes} if suffixes else {}), "min": None, "max": None}
    found = accept(seen, broken, column, MANY_NUMBERS, is_word)
    if found is not None and (unit or suffixes):
        _tell(marks, unit, suffixes)
    return found


def _units(marks: Marks) -> tuple[list[list[str]], set[str]]:
    """The spellings of each unit, and the magnitudes."""
    units: list[list[str]] = []
    magnitudes: set[str] = set()
    for word in marks.units:
        sign, unit = _parted(word)
        if sign:
            magnitudes.add(sign)
        if unit and not any(unit in spellings for spellings in units):
            alike = next((spellings for spellings in units if same_unit(spellings[0], unit)), None)
            if alike is None:
                units.append([unit])
            else:
                alike.append(unit)
    # By length and small letters first, whichever the file has first.
    return [sorted(spellings, key=lambda one: (len(one), one.swapcase())) for spellings in units], magnitudes


def _parted(word: str) -> tuple[str, str]:
    """The magnitude and the unit of what stands beside a number: of `k€` both, of `kg` the unit alone."""
    if word in MAGNITUDES:
        return word, ""
    for sign in MAGNITUDES:
        if not is_known(word) and word.startswith(sign) and is_known(word[len(sign) :].strip()):
            return sign, word[len(sign) :].strip()
    return "", word


def _is_told(marks: Marks, units: list[list[str]]) -> bool:
    return of_numbers(marks) and any(is_known(spellings[0]) for spellings in units)


def _two_units(marks: Marks, units: list[list[str]]) -> CasebookError:
    cells = [next(cell for word, cell in marks.units.items() if _parted(word)[1] in unit) for unit in units[:2]]
    return CasebookError(
        f"column {marks.name}: its numbers have {len(units)} units, {', '.join(unit[0] for unit in units)}, such as "
        f"{cells[0]!r} and {cells[1]!r}; write them in one unit, or each unit in a column of its own"
    )


def thousands_of(marks: Marks, writing: Writing) -> str:
    """What parts thousands in this column, or in the file."""
    other = OTHER[writing.decimal]
    found = [mark for mark in (*BETWEEN, other) if marks.says(f"thousands {mark}")]
    if other not in found and marks.says(f"open {other}"):
        found.append(other)
    if len(found) > 1 and of_numbers(marks):
        cells = [marks.example(f"thousands {mark}", f"open {mark}") for mark in found[:2]]
        raise CasebookError(
            f"column {marks.name}: its thousands are parted in {len(found)} ways, such as {cells[0]!r} and "
            f"{cells[1]!r}; write them in one way"
        )
    return found[0] if found else writing.thousands


def _tell(marks: Marks, unit: str, suffixes: dict[str, float]) -> None:
    if unit:
        log.info("column %s: the unit %s is taken off its numbers, such as %r", marks.name, unit, _cell(marks, unit))
    scaled = {name: factor for name, factor in suffixes.items() if factor != 1}
    if scaled:
        first = next((word for word in marks.units if _parted(word)[0]), "")
        told = ", ".join(f"{name} times {factor:,.0f}" for name, factor in scaled.items())
        log.info("column %s: numbers such as %r are %s", marks.name, marks.units.get(first, ""), told)


def _cell(marks: Marks, unit: str) -> str:
    return next((cell for word, cell in marks.units.items() if word.endswith(unit)), unit)
