"""A report of other classes and decisions has no word of the case that the recipe was first written for."""

import re
from copy import deepcopy
from pathlib import Path

import pytest
from matplotlib.text import Text

from components.core.bundle import read_bundle, write_bundle
from components.core.results import Table
from tests.conftest import Fitted

OF_CREDIT = re.compile("bad|good|payer|applicant|approv|declin|credit")
CHURN = {"column": "Churn", "positive": "yes", "negative": "no"}


def renamed(bundle: Path, folder: Path) -> Path:
    """The same bundle for a target that is called `CHURN`, answered alert or none."""
    found = read_bundle(bundle, threads=1)
    manifest = found.manifest.model_copy(
        update={"settings": {**found.manifest.settings, "decisions": ["alert", "none"]}}
    )
    data = deepcopy(found.json("table"))
    data["spec"]["target"] = CHURN
    write_bundle(folder, manifest, {**found.contents(), "table.json": data})
    return folder


def words(table: Table) -> list[str]:
    return [table.title, *table.columns, table.note, *(str(cell) for row in table.rows for cell in row)]


@pytest.mark.slow
def test_every_picture_and_table_speaks_of_the_cases_own_classes(fitted: Fitted, tmp_path: Path) -> None:
    report = fitted.recipe.reporting.report(fitted.job, fitted.folder, renamed(fitted.bundle, tmp_path / "bundle"))
    drawn = {name: [text.get_text() for text in draw().findobj(Text)] for name, draw in report.figures.items()}
    assert {"metrics", "roc", "precision_recall", "calibration", "ks", "score_bands", "effects"} < set(drawn)
    said = {**drawn, "tables": [word for one in [*report.decisions, *report.tables] for word in words(one)]}
    assert {name: [text for text in texts if OF_CREDIT.search(text.lower())] for name, texts in said.items()} == {
        name: [] for name in said
    }
    assert report.predicts == "the probability that `Churn` is yes and not no"
    assert "ROC: yes found against no flagged" in drawn["roc"]
    assert "predicted probability that Churn is yes" in drawn["effects"]
    assert "answered none among no" in said["tables"]
