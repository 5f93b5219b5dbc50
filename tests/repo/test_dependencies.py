"""The code that `dvc.yaml` says a stage depends on, beside the code that the stage imports when it runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.params import load_params
from pipelines.stages import STAGES
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
    *parents, last = dotted.split(".")
    for name in parents:
        content = content[name]
    content[last] = value


def toy_params(case: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))
    for dotted, value in toy_values(case, TOY / case).items():
        set_dotted(content["cases"][case], dotted, value)
    return {**content, "cases": {case: content["cases"][case]}}


def code_deps(stage: str, case: str, params: dict[str, Any]) -> set[str]:
    """The deps below components/ and pipelines/, with the template's `${...}` filled in as DVC fills them."""
    template = yaml.safe_load((CHECKOUT / "dvc.yaml").read_text(encoding="utf-8"))["stages"][stage]["do"]["deps"]

    def value(found: re.Match[str]) -> str:
        node: Any = {"key": case, "item": params["cases"][case]}
        for name in found[1].split("."):
            node = node[name]
        return str(node)

    filled = {re.sub(r"\$\{([^}]+)\}", value, dep) for dep in template}
    return {dep for dep in filled if dep.startswith(("components/", "pipelines/"))}


def compare(imported: set[str], deps: set[str]) -> tuple[set[str], set[str]]:
    """Modules that no dep covers, and deps of which nothing was imported; `__init__.py` files hold nothing."""
    modules = {name for name in imported if not name.endswith("__init__.py")}
    code = {dep for dep in deps if Path(dep).suffix in {"", ".py"} and not dep.endswith("__init__.py")}
    missing = {name for name in modules if not any(name == dep or name.startswith(f"{dep}/") for dep in deps)}
    unused = {dep for dep in code if not any(name == dep or name.startswith(f"{dep}/") for name in modules)}
    return missing, unused


@pytest.fixture(scope="module", params=toy_cases())
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each stage of a case imports, run one after the other in a folder of its own."""
    case, root = request.param, tmp_path_factory.mktemp("checkout")
    params = toy_params(case)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False, allow_unicode=True), encoding="utf-8")
    load_params(root / "params.yaml")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "CASEBOOK_"))}
    found: dict[str, Any] = {"case": case, "params": params}
    for stage in STAGES:
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, stage, case, str(CHECKOUT)],
            cwd=root,
            env={**kept, "PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{stage}@{case}: {done.stderr[-3000:]}"
        found[stage] = set(json.loads((root / "imports.json").read_text()))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_code_that_it_runs_and_on_no_other(imported: dict[str, Any], stage: str) -> None:
    deps = code_deps(stage, imported["case"], imported["params"])
    missing, unused = compare(imported[stage], deps)
    if stage == "compress":
        # Variants of some cases are trained and of others are not. What fit depends on runs fit again,
        # and compress after it: that it is named once more costs a case nothing.
        unused -= code_deps("fit", imported["case"], imported["params"])
    assert (sorted(missing), sorted(unused)) == ([], [])


@pytest.mark.parametrize("case", sorted(load_params(CHECKOUT / "params.yaml").cases))
@pytest.mark.parametrize("stage", STAGES)
def test_every_dep_on_code_is_there(case: str, stage: str) -> None:
    params = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))
    deps = code_deps(stage, case, params)
    assert [dep for dep in sorted(deps) if not (CHECKOUT / dep).exists()] == []
    assert not any("${" in dep for dep in deps)


def test_the_comparison_finds_what_is_missing_and_what_is_not_used() -> None:
    imported = {"components/a.py", "components/b/c.py", "components/b/__init__.py"}
    assert compare(imported, {"components/a.py", "components/b"}) == (set(), set())
    assert compare(imported, {"components/b"}) == ({"components/a.py"}, set())
    assert compare(imported, {"components/a.py", "components/b", "components/d.py", "components/e"}) == (
        set(),
        {"components/d.py", "components/e"},
    )
    assert compare(imported, {"components/a.py", "components/b", "components/card.md.j2"}) == (set(), set())
    assert compare({"components/bb.py"}, {"components/b"}) == ({"components/bb.py"}, {"components/b"})


def test_no_bytecode_is_in_a_hash_of_dvc() -> None:
    files = [
        "components/networks/__pycache__/tabm.cpython-311.pyc",
        "components/preparation/table/encoding/__pycache__/encode.cpython-311.pyc",
        "components/networks/tabm.py",
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
