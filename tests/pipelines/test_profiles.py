"""Cases that are like another but for some values: the profiles of `examples/`."""

import shutil
from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.core.job import Paths
from components.core.params.load import load_params
from components.core.params.overrides import override
from components.core.recipe import make_job
from pipelines.commands.newcase import new_example, plan_example

ROOT = Path(__file__).resolve().parents[2]
PROFILES = sorted((ROOT / "examples").glob("*_gpu.yaml"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    return tmp_path


@pytest.mark.parametrize("file", PROFILES, ids=[file.stem for file in PROFILES])
def test_a_profile_is_a_case_with_its_values(root: Path, file: Path) -> None:
    original = file.stem.removesuffix("_gpu")
    new_example(root, "mine", file)
    params = load_params(root / "params.yaml")
    found, like = params.case("mine"), params.case(original)
    assert found != like
    assert (found.source, found.prepare, found.recipe) == (like.source, like.prepare, like.recipe)
    assert (found.fit.accelerator, found.fit.precision) == ("gpu", "bf16-mixed")
    make_job("mine", found, Paths(root)).check()


def test_the_values_are_those_of_the_file_alone(root: Path) -> None:
    file = root / "mine.yaml"
    file.write_text("like: finance_risk\nvalues: {fit.max_epochs: 3, model.network.k: 4}\n")
    params = load_params(root / "params.yaml")
    expected = override(params.case("finance_risk"), {"fit.max_epochs": 3, "model.network.k": 4})
    new_example(root, "mine", file)
    after = load_params(root / "params.yaml")
    assert after.case("mine") == expected
    assert after.case("finance_risk") == params.case("finance_risk")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("like: nobody\nvalues: {}\n", "no case 'nobody'"),
        ("like: finance_risk\nvalues: {fit.epochs: 3}\n", "epochs"),
        ("like: finance_risk\n", r"mine\.yaml: 1 key\(s\) are wrong"),
    ],
)
def test_a_profile_that_does_not_fit_is_told_and_changes_nothing(root: Path, text: str, told: str) -> None:
    (root / "mine.yaml").write_text(text)
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match=told):
        plan_example(root, "mine", root / "mine.yaml")
    with pytest.raises(CasebookError, match=told):
        new_example(root, "mine", root / "mine.yaml")
    assert (root / "params.yaml").read_bytes() == before
