from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.survival.preparation.infer import infer_cohort
from components.kits.tables.hints import NO_HINTS
from components.recipes.competing_risks.params.cohort import CausesParams
from components.recipes.competing_risks.preparation.infer import as_one_event, with_causes
from tests.components.recipes.competing_risks.preparation.causes import in_two_columns, patients

ENCODE = {"numeric": "log_standard", "knots": 256, "min_count": 5, "fold": False}


def _infer(folder: Path, table: pd.DataFrame, event: str, causes: dict[str, Any], column: str | None) -> dict[str, Any]:
    file = folder / "rows.csv"
    table.to_csv(file, index=False)
    values, hints = as_one_event(causes, column, (), NO_HINTS)
    block = infer_cohort(file, "days", event, 365.25, ENCODE, hints=hints, event_value=values)
    return with_causes(block, causes, column, file)


def test_causes_of_one_column(tmp_path: Path) -> None:
    found = _infer(tmp_path, patients(), "status", {"relapse": ("1",), "death": ("2",)}, None)
    spec = CausesParams.model_validate(found | {"max_rejected": 0.01})
    assert spec.target.names == ("relapse", "death")
    assert list(spec.columns) == ["age", "site"]


def test_causes_of_a_column_of_their_own(tmp_path: Path) -> None:
    found = _infer(tmp_path, in_two_columns(), "ended", {"relapse": ("back again",), "death": ("died",)}, "why")
    assert found["target"]["cause"] == "why"
    assert "why" not in {*found["columns"], *found["ignore"]}


@pytest.mark.parametrize(
    ("causes", "message"),
    [
        ({"relapse": ("1",)}, "two at least"),
        ({"relapse": ("1",), "death": ("1", "2")}, "'1' is in two causes"),
    ],
)
def test_causes_that_cannot_be_are_refused(causes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=message):
        _infer(tmp_path, patients(), "status", causes, None)
