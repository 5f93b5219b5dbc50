"""The code whose digest a stage rests on, beside the code that the stage imports when it runs."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import yaml

from components.core.params.case import CaseParams
from components.core.params.dotted import place_of
from components.core.params.load import load_params, read_whole
from components.core.recipe import part_module
from pipelines.code import PARTS, files_of, resolve
from pipelines.stages import STAGES
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT, TOY, toy_cases, toy_values

DRIVER = """
import json, sys
from pathlib import Path
from pipelines.stages import main
code = main([sys.argv[1], sys.argv[2]])
root = Path(sys.argv[3])
files = [Path(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
found = {str(path.relative_to(root)) for path in files if path.is_relative_to(root)}
ours = sorted(name for name in found if name.startswith(("components/", "pipelines/")))
Path("imports.json").write_text(json.dumps(ours))
sys.exit(code)
"""


def set_dotted(content: dict[str, Any], dotted: str, value: Any) -> None:
    node, last = place_of(content, dotted)
    node[last] = value


def toy_params(case: str) -> dict[str, Any]:
    content: dict[str, Any] = read_whole(CHECKOUT / "params.yaml")
    for dotted, value in toy_values(case, TOY / case).items():
        set_dotted(content["cases"][case], dotted, value)
    return {**content, "cases": {case: content["cases"][case]}}


@pytest.fixture(scope="module", params=toy_cases())
def imported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, training_forks: Forks
) -> dict[str, Any]:
    """What each stage of a case imports, run one after the other in a folder of its own."""
    case, root = request.param, tmp_path_factory.mktemp("checkout")
    params = toy_params(case)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False, allow_unicode=True), encoding="utf-8")
    resolve(root)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "CASEBOOK_"))}
    found: dict[str, Any] = {"params": load_params(root / "params.yaml").case(case)}
    for stage in STAGES:
        environment = {**kept, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
        done = training_forks.run("-c", DRIVER, stage, case, str(CHECKOUT), cwd=root, env=environment)
        assert done.returncode == 0, f"{stage}@{case}: {done.stderr[-3000:]}"
        found[stage] = set(json.loads((root / "imports.json").read_text()))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_rests_on_the_code_that_it_runs(imported: dict[str, Any], stage: str) -> None:
    """All that it imports is in its digest, and each part that the digest counts was asked for."""
    case: CaseParams = imported["params"]
    counted = {path.relative_to(CHECKOUT).as_posix() for path in files_of(case, stage)}
    assert sorted(name for name in imported[stage] - counted if not name.endswith("__init__.py")) == []
    parts = {part_module(case.recipe, part).replace(".", "/") + ".py" for part in PARTS[stage]}
    assert sorted(parts - imported[stage]) == []


def test_no_bytecode_is_in_a_hash_of_dvc() -> None:
    files = [
        "components/kits/tables/__pycache__/tabm.cpython-311.pyc",
        "components/kits/tables/encoding/__pycache__/encode.cpython-311.pyc",
        "components/kits/tables/tabm.py",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "check-ignore", "--non-matching", "--details", *files],
        cwd=CHECKOUT,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    ignored = {line.split("\t")[1]: bool(line.split("\t")[0].strip(":")) for line in done.stdout.splitlines()}
    assert ignored == {files[0]: True, files[1]: True, files[2]: False}, done.stdout + done.stderr
