"""Our side of `benchmarks.tuned_peers`: the folds that the peers have, and what is kept; nothing is fitted here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.tuned import ours
from benchmarks.tuned.tables import TABLES, Table
from components.core.errors import CasebookError
from components.core.files import write_json
from components.core.job import TEST, AnyJob
from components.core.params.case import CaseParams, CrossvalParams
from components.core.recipe import make_job
from components.recipes.shared.serving import read_split
from tests.components.kits.tables.tables import APPLICATION, applications, block, prepare
from tests.toy.jobs import BesidePaths

ROWS, FOLDS = 300, 5
PLACES = [int(place) for place in np.random.default_rng(0).integers(FOLDS, size=ROWS)]
TABLE = Table("classes", "x/y", "", "y")


@pytest.fixture
def job(tmp_path: Path) -> AnyJob:
    content = block(APPLICATION)
    prepare(tmp_path, applications(ROWS), content)
    params = CaseParams.model_construct(recipe="binary", prepare=content, crossval=CrossvalParams(folds=2, seed=3))
    return make_job("toy", params, BesidePaths(tmp_path))


def test_our_folds_test_the_rows_that_the_peers_test(job: AnyJob, tmp_path: Path) -> None:
    found = list(ours.cut_again(job, TABLE, PLACES, tmp_path / "folds"))
    assert len(found) == FOLDS
    for number, fold in enumerate(found):
        assert read_split(fold, TEST)["row"].tolist() == [row + 1 for row in range(ROWS) if PLACES[row] == number]


def test_rows_that_prepare_set_aside_are_told(job: AnyJob, tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="toy: 4 of 304 rows were set aside in prepare"):
        list(ours.cut_again(job, TABLE, [*PLACES, 0, 1, 2, 3], tmp_path / "folds"))


def test_what_is_kept_under_the_key_is_not_fitted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [tmp_path / f"fold-{number}.json" for number in range(2)]
    for number, file in enumerate(kept):
        write_json(file, {"key": "k", "seconds": number})
    given: dict[str, Any] = {"csv": tmp_path, "folds": [0, 1], "checkout": tmp_path, "kept": kept}
    assert [one["seconds"] for one in ours.ours("salary", TABLES["salary"], key="k", **given)] == [0, 1]
    monkeypatch.setattr(ours, "new_case", lambda *_: pytest.fail("made"))
    with pytest.raises(pytest.fail.Exception, match="made"):
        ours.ours("salary", TABLES["salary"], key="other", **given)


def test_another_recipe_has_another_code() -> None:
    assert ours.code("classes") != ours.code("number")
