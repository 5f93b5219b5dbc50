"""What a target column that nobody has described is: two values, several classes, or a number; asked where it is open.

Words are classes. Numbers of many values, or with decimals, are numbers. A few whole numbers may be either: 1, 2 and 3
may be three species, or how many children a family has; only a column's name may tell, and else a person.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum

import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.hinted import NUMBERS
from components.kits.tables.labels import few_beside_two, listed, options_to_ignore
from components.kits.tables.outcome.aims import Undescribed, guess_target
from components.kits.tables.outcome.params import FEWEST_CLASSES, MOST_CLASSES

LIKELY = 30  # classes: more are asked about
FEW_NUMBERS = 10  # different whole numbers that may be classes
OF_CLASSES = re.compile(
    r"(^|[^a-z])(class|type|kind|categor(y|ies)|label|group|cluster|segment|species|variety|colou?r|brand|mode|choice"
    r"|diagnosis|stage|outcome)s?([^a-z]|$)|类别|类型|分类|种类",
    re.IGNORECASE,
)
OF_NUMBERS = re.compile(
    r"(^|[^a-z])(n|no|nr|num|number|counts?|amount|price|cost|value|total|sum|age|years?|months?|days?|hours?|minutes?"
    r"|visits?|children|kids|size|length|width|height|weight|duration|rate|income|salary|wage)([^a-z]|$)"
    r"|数量|次数|金额|价格|年龄",
    re.IGNORECASE,
)


class Target(Enum):
    """The value is how a message names it."""

    TWO = "two values"
    CLASSES = "several classes"
    NUMBER = "a number"


Kinds = Mapping[Target, str]  # what to say on the command line to have a target taken for each


def find_kind(table: Undescribed, target: str, ignore: Sequence[str], say: Kinds) -> tuple[Target, str]:
    """The kind, and why.

    Raises:
        CasebookError: the column is not there, is no outcome at all, or may be of several kinds: then the message
            names what to `say`.
    """
    values = table.values(target, ignore)
    place, counts = table.cells(target)[1], pd.Series(values, dtype="int64")
    if len(values) < 2:
        raise CasebookError(
            f"{place} has {len(values)} different value(s): {listed(counts) or 'none'}; there is nothing to tell "
            "apart; choose another column, or rewrite its values"
        )
    if len(values) < FEWEST_CLASSES:
        return Target.TWO, f"its values are {listed(counts)}"
    guess = guess_target(table, target, ignore)
    kind = None if guess.column is None else guess.column["kind"]
    numbers = _as_numbers(values)
    if len(further := few_beside_two(counts)):
        number = f", or say {say[Target.NUMBER]}" if numbers is not None or kind in NUMBERS else ""
        raise CasebookError(
            f"{place} has two values and a few of others: {listed(counts)}; {options_to_ignore(further.index)} leaves "
            f"those {further.sum()} row(s) out if they have no outcome; if they are classes like the other two, say "
            f"{say[Target.CLASSES]}{number}"
        )
    if numbers is not None:
        return _of_numbers(numbers, target, kind, guess.reason, place, say)
    if kind in NUMBERS:
        return Target.NUMBER, f"it has {len(values)} values, which are numbers as people write them"
    if kind == "date":
        raise CasebookError(
            f"{place} has dates; what is predicted is a class or a number, such as the days from one date to another"
        )
    return _of_words(values, kind, guess.reason, place, say)


def _of_numbers(
    numbers: list[float], target: str, kind: str | None, reason: str, place: str, say: Kinds
) -> tuple[Target, str]:
    count, whole = len(numbers), all(number.is_integer() for number in numbers)
    shown = ", ".join(f"{number:g}" for number in sorted(numbers)[:6]) + (", ..." if count > 6 else "")
    if kind is None and count > FEW_NUMBERS:
        raise CasebookError(f"{place} is no outcome: {reason}; {say[Target.NUMBER]} takes it for a number all the same")
    if not whole:
        return Target.NUMBER, f"it has {count} values, with decimals ({shown})"
    classes, amounts = OF_CLASSES.search(_apart(target)), OF_NUMBERS.search(_apart(target))
    if count <= LIKELY and classes and not amounts:
        return Target.CLASSES, f"it has {count} whole numbers ({shown}), and is named as classes are"
    if count > FEW_NUMBERS and kind in NUMBERS:
        return Target.NUMBER, f"it has {count} different numbers ({shown})"
    if count <= FEW_NUMBERS and amounts and not classes:
        return Target.NUMBER, f"it has {count} whole numbers ({shown}), and is named as a number is"
    raise CasebookError(
        f"{place} has {count} different whole numbers ({shown}): are they classes, or a number, of which 4 is twice as "
        f"much as 2? For classes say {say[Target.CLASSES]}, for a number {say[Target.NUMBER]}"
    )


def _of_words(values: Mapping[str, int], kind: str | None, reason: str, place: str, say: Kinds) -> tuple[Target, str]:
    counts = pd.Series(values, dtype="int64")
    if kind not in ("categorical", "boolean", "band") or len(values) > MOST_CLASSES:
        because = reason or f"it has {len(values)} different values, and {MOST_CLASSES} classes are the most"
        raise CasebookError(f"{place} is no outcome: {because}, such as {listed(counts)}; choose another column")
    if len(values) <= LIKELY:
        return Target.CLASSES, f"it has {len(values)} values, which are words"
    raise CasebookError(
        f"{place} has {len(values)} different values: {listed(counts)}; if each is a class, say {say[Target.CLASSES]}, "
        "and --merge NAME=VALUE makes one class of several of them"
    )


def _as_numbers(values: Mapping[str, int]) -> list[float] | None:
    """The values, where all of them are plain numbers that do not begin with a 0 as codes do."""
    if any(re.match(r"0\d", value) for value in values):
        return None
    try:
        return [float(value) for value in values]
    except ValueError:
        return None


def _apart(name: str) -> str:
    """`jobClass` as `job Class`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_|\d+", " ", name)
