"""A cohort through the same dvc.yaml: from two files of patients to a champion that answers how long."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.toy.jobs import toy_params

pytestmark = pytest.mark.slow

CASE = "relapse"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, released_case: Callable[..., Any]) -> Any:
    return released_case("medical_prognosis", CASE, tmp_path_factory.mktemp("relapse"))


def test_a_cohort_becomes_a_champion_that_another_cohort_was_asked_about(released: Any) -> None:
    release = released.json(f"reports/{CASE}/release.json")
    assert release["promoted"] is True, release
    metrics = released.json(f"reports/{CASE}/metrics.json")
    assert {"c_index", "ibs", "auc@1y", "auc@5y"} <= set(metrics["test"])
    assert set(metrics["external"]) == set(metrics["validation"])
    assert {"cox", "forest", "boosting"} == set(metrics["baselines"])
    assert "not a medical device" in (released.root / "reports" / CASE / "card.md").read_text(encoding="utf-8")


def test_the_champion_answers_a_file_of_patients(released: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(released.root / CASE / "cohort.csv").head(20)
    rows.to_csv(tmp_path / "patients.csv", index=False)
    out = tmp_path / "risks.parquet"
    command = ("python", "-m", "pipelines.cli", "predict", CASE, str(tmp_path / "patients.csv"), "--out", str(out))
    ended = released.run(*command)
    assert ended.code == 0, ended.said
    found = pd.read_parquet(out)
    assert len(found) == 20
    survival = found[[f"survival_{year}y" for year in range(1, 6)]].to_numpy()
    assert ((survival > 0) & (survival < 1)).all()
    assert (np.diff(survival, axis=1) <= 0).all()
    np.testing.assert_allclose(found["score"], 1 - survival[:, -1])
    assert set(found["decision"]) <= set(toy_params("medical_prognosis").model["serving"]["decisions"])
    rows.drop(columns="nodes").to_csv(tmp_path / "patients.csv", index=False)
    out.unlink()
    ended = released.run(*command)
    assert ended.code == 1
    assert "nodes" in ended.said
    assert "Traceback" not in ended.said
    assert not out.exists()
