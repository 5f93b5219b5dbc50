"""The code whose digest a stage rests on, beside the code that each stage of each case has imported as it ran."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.core.params.case import CaseParams
from components.core.params.load import load_params
from components.core.recipe import part_module
from pipelines.code import PARTS, files_of
from pipelines.stages import STAGES
from tests.pipelines.conftest import ROOT
from tests.toy.jobs import toy_cases

pytestmark = pytest.mark.slow

# Under which name a case is released by other tests; one run serves both.
CALLED = {
    "recommender": "films",
    "pinyin_hanzi": "typed",
    "medical_cells": "nuclei",
    "medical_prognosis": "relapse",
    "cluster_jobs": "jobs",
    "house_prices": "houses",
    "medical_mortality": "deaths",
}


@dataclass(frozen=True)
class Ran:
    params: CaseParams
    imports: Path  # a list for each stage

    def of(self, stage: str) -> set[str]:
        found = json.loads((self.imports / f"{stage}.json").read_text(encoding="utf-8"))
        return {name for name in found if name.startswith(("components/", "pipelines/"))}


@pytest.fixture(scope="module", params=toy_cases())
def ran(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, released_case: Callable[..., Any]
) -> Ran:
    if request.param == "finance_risk":
        made, called = request.getfixturevalue("pristine"), "toy"
    else:
        called = CALLED.get(request.param, request.param)
        made = released_case(request.param, called, tmp_path_factory.mktemp(called))
    params = load_params(made.root / "params.yaml").case(called)
    return Ran(params, made.root.parent / "imports" / called)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_rests_on_the_code_that_it_runs(ran: Ran, stage: str) -> None:
    """All that it imports is in its digest, and each part that the digest counts was asked for."""
    counted = {path.relative_to(ROOT).as_posix() for path in files_of(ran.params, stage)}
    assert sorted(name for name in ran.of(stage) - counted if not name.endswith("__init__.py")) == []
    parts = {part_module(ran.params.recipe, part).replace(".", "/") + ".py" for part in PARTS[stage]}
    assert sorted(parts - ran.of(stage)) == []
