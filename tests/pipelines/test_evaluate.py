"""What the stage `evaluate` leaves beside what a report holds."""

from pathlib import Path

import pandas as pd

from components.evaluation.plots import KINDS, write_plots
from pipelines.steps.evaluate import NO_POINTS, fill_empty


def test_no_kind_of_plots_is_an_empty_folder_and_none_that_has_a_curve_is_touched(tmp_path: Path) -> None:
    write_plots(tmp_path, {"calibration/test": pd.DataFrame({"predicted": [0.25], "observed": [0.5]})})
    fill_empty(tmp_path)
    found = {path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.*")}
    assert found.pop("calibration/test.csv") == "predicted,observed\n0.25,0.5\n"
    assert found == {f"{kind}/{NO_POINTS}": "[]\n" for kind in KINDS if kind != "calibration"}
