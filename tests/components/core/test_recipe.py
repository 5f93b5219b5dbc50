"""A recipe's declaration, the params of a case checked against it before any stage works with them."""

import subprocess
import sys
from typing import Any

import pytest

from components.core.errors import CasebookError
from components.core.recipe import load_recipe, recipe_of
from tests.toy.jobs import CHECKOUT, toy_cases, toy_job

HEAVY = ("torch", "lightning", "onnxruntime", "onnx", "pandas", "scipy", "sklearn", "mlflow")
LOAD = f"""
import importlib, sys
from pathlib import Path
from components.core.job import Paths
from components.core.params.load import load_params
from components.core.recipe import make_job, recipe_of
for name, params in load_params(Path("params.yaml")).cases.items():
    recipe_of(make_job(name, params, Paths(Path())))
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""


def refused(case: str, variants: dict[str, Any], tmp_path: Any) -> str:
    with pytest.raises(CasebookError) as error:
        toy_job(case, tmp_path, compress__variants=variants)
    return str(error.value)


def test_a_variant_that_the_case_does_not_make_is_named_with_the_nearest(tmp_path: Any) -> None:
    assert refused("finance_risk", {"int8_statik": {"calibration_rows": 1}}, tmp_path) == (
        "params.yaml: params.cases.finance_risk.compress.variants: 'int8_statik' is none of this case's; "
        "did you mean 'int8_static'? There are: int8_dynamic, int8_static, pruned, distilled, and fp32 without being "
        "named"
    )
    assert refused("recommender", {"int8_dynamic": {}, "distilled": {}}, tmp_path) == (
        "params.yaml: params.cases.recommender.compress.variants: 'distilled' is none of this case's; "
        "there are: int8_dynamic, int8_static, low_rank, and fp32 without being named"
    )


@pytest.mark.parametrize(
    ("case", "variants", "why"),
    [
        ("finance_risk", {"pruned": {"amount": 0.5, "epochs": 1}}, "pruned.lr_factor: missing"),
        ("finance_risk", {"pruned": {"amount": 1.0, "epochs": 1, "lr_factor": 0.1}}, "less than 1, not 1.0 (float)"),
        ("medical_cells", {"int8_static": {}}, "int8_static.calibration_rows: missing"),
        ("medical_prognosis", {"int8_dynamic": {"rows": 3}}, "int8_dynamic.rows: unknown key"),
        ("pinyin_hanzi", {"pruned_ngrams": {"threshold": 0.0}}, "pruned_ngrams.threshold: Input should be greater"),
        ("recommender", {"low_rank": {"rank": 0, "int8": True}}, "low_rank.rank: Input should be greater"),
    ],
)
def test_a_variants_own_params_are_checked(case: str, variants: dict[str, Any], why: str, tmp_path: Any) -> None:
    message = refused(case, variants, tmp_path)
    assert message.startswith("params.yaml: 1 key(s) are wrong; edit them:\n")
    assert f"\n  params.cases.{case}.compress.variants." in message
    assert why in message


def test_pages_and_pictures_call_who_is_judged_by_names_that_people_know() -> None:
    binary = load_recipe("binary")
    assert [binary.called(key) for key in ("model", "learner", "lightgbm", "auc")] == [
        "served",
        "TabM",
        "LightGBM",
        "AUC",
    ]
    assert binary.called("unheard_of") == "unheard_of"


@pytest.mark.parametrize("name", toy_cases())
def test_each_variant_that_a_case_declares_has_its_maker(name: str, tmp_path: Any) -> None:
    recipe = recipe_of(toy_job(name, tmp_path))
    assert list(recipe.makers) == list(recipe.variants)


def test_loading_every_case_and_checking_its_params_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD], cwd=CHECKOUT, capture_output=True, text=True, check=True, env={"PYTHONPATH": "."}
    )
    assert done.stdout.split() == []
