from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.infer import undescribed
from components.kits.tables.outcome.kind import Target, find_kind

SAY = {Target.TWO: "--two", Target.CLASSES: "--classes", Target.NUMBER: "--number"}
RANDOM = np.random.default_rng(0)


def kind(folder: Path, name: str, cells: Any, ignore: tuple[str, ...] = ()) -> tuple[Target, str]:
    path = folder / "rows.csv"
    pd.DataFrame({name: cells, "x": RANDOM.normal(size=len(cells)).round(3)}).to_csv(path, index=False)
    return find_kind(undescribed(path), name, ignore, SAY)


@pytest.mark.parametrize(
    ("name", "cells", "expected", "because"),
    [
        ("y", ["no", "yes", "NA"] * 20, Target.TWO, "its values are 'no' (20), 'yes' (20)"),
        ("y", [0, 1] * 30, Target.TWO, "'0' (30)"),
        ("sort", ["red", "green", "blue"] * 20, Target.CLASSES, "it has 3 values, which are words"),
        ("jobClass", [1, 2, 3] * 20, Target.CLASSES, "is named as classes are"),
        ("y", ["01", "02", "03"] * 20, Target.CLASSES, "which are words"),
        ("doctor_visits", [0, 1, 2, 3] * 20, Target.NUMBER, "is named as a number is"),
        ("y", [0.5, 1.5, 2.25] * 20, Target.NUMBER, "with decimals (0.5, 1.5, 2.25)"),
        ("y", [10 + row % 17 for row in range(60)], Target.NUMBER, "it has 17 different numbers (10, 11,"),
        ("y", [f"${row + 1},200.50" for row in range(60)], Target.NUMBER, "numbers as people write them"),
    ],
)
def test_what_the_values_tell(tmp_path: Path, name: str, cells: list[Any], expected: Target, because: str) -> None:
    found, why = kind(tmp_path, name, cells)
    assert found is expected
    assert because in why


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1, 2, 3, 4] * 20, "4 different whole numbers .1, 2, 3, 4.: are they classes, or a number, .* --classes, for"),
        (
            [1, 2, 2, 2] * 20 + [9],
            "two values and a few of others: '2' .60., '1' .20., '9' .1.; --ignore-target 9 leav",
        ),
        (["no", "yes"] * 40 + ["lost"], "--ignore-target lost leaves those 1 row.s. out .* say --classes"),
        (
            [f"v{row % 40}" for row in range(400)],
            "40 different values: .* if each is a class, say --classes, and --merge",
        ),
        (
            [f"v{row % 150}" for row in range(900)],
            "is no outcome: it has 150 different values, and 100 classes are the",
        ),
        (["a long sentence about " + str(row) for row in range(60)], "is no outcome: .*choose another column"),
        ([f"2024-01-{1 + row % 28:02d}" for row in range(60)], "has dates; what is predicted is a class or a number"),
        ([100 + row for row in range(60)], "is no outcome: it counts the rows .*; --number takes it for a number all"),
    ],
)
def test_what_they_leave_open_is_asked(tmp_path: Path, cells: list[Any], message: str) -> None:
    with pytest.raises(CasebookError, match=message):
        kind(tmp_path, "y", cells)


def test_values_that_are_ignored_are_none_of_it(tmp_path: Path) -> None:
    assert kind(tmp_path, "y", ["no", "yes"] * 40 + ["lost"], ("lost",))[0] is Target.TWO
    with pytest.raises(CasebookError, match="has no value 'gone' to ignore, only"):
        kind(tmp_path, "y", ["no", "yes"] * 40, ("gone",))
