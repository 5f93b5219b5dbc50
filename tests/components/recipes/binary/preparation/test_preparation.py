import json
import runpy
import shutil
from pathlib import Path

import pandas as pd
import pytest

from components.core.files import dvc_md5, write_json
from components.core.job import PREPARED_FILES, Job, Meta, Paths
from components.core.params.case import CaseParams
from components.core.params.load import read_whole
from components.core.recipe import make_job
from components.kits.tables.encoding.encode import TableEncoder
from components.recipes.binary.preparation.preparation import prepare
from tests.forks import Forks

CASE = "finance_risk"
CHECKOUT = Path(__file__).parents[5]
TOY = CHECKOUT / "tests" / "toy" / CASE / "rows.csv"


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The case with its own params on the toy rows."""
    content = read_whole(CHECKOUT / "params.yaml")["cases"][CASE]["prepare"]
    params = CaseParams.model_construct(recipe="binary", prepare=content | {"file": "rows.csv"})
    job = make_job(CASE, params, Paths(tmp_path_factory.mktemp("checkout")), smoke=True)
    raw = job.paths.raw(CASE)
    raw.mkdir(parents=True)
    shutil.copy(TOY, raw / "rows.csv")
    write_json(raw / "source.json", {"kind": "file"})
    return job


def test_toy_rows_are_prepared_by_the_params_of_the_case(job: Job) -> None:
    meta = prepare(job)
    folder = job.paths.prepared(CASE)
    assert Meta.read(folder) == meta
    assert meta.rejected == {}
    parts = {name: pd.read_parquet(folder / PREPARED_FILES[name]) for name in ("train", "validation", "test")}
    assert {name: len(part) for name, part in parts.items()} == {name: meta.rows[name] for name in parts}
    assert sum(len(part) for part in parts.values()) == 400
    assert sum(part["target"].sum() for part in parts.values()) == 112  # 28%, as in the real data
    encoder = TableEncoder.from_json(meta.data["encoder"])
    assert {"Income", "Assets", "Debt"} <= set(encoder.indicator_names)
    assert encoder.categorical_names == ("Home", "Marital", "Records", "Job")
    first = dvc_md5(folder)
    prepare(job)
    assert dvc_md5(folder) == first


def test_toy_rows_are_those_of_their_script(tmp_path: Path) -> None:
    script = shutil.copy(TOY.parents[1] / "make_finance_risk.py", tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    assert (tmp_path / CASE / "rows.csv").read_bytes() == TOY.read_bytes()


def test_preparing_imports_nothing_heavy(job: Job, data_forks: Forks) -> None:
    """The data stages are to start quickly; a fresh process tells what they import. LightGBM, with scikit-learn and
    SciPy, is what suspects of hindsight are found by.
    """
    program = (
        "import sys; from pathlib import Path; from components.core.job import Paths; "
        "from components.core.recipe import make_job; "
        "from components.recipes.binary.preparation.preparation import prepare; "
        "from components.core.params.case import CaseParams; "
        "import json; prepare(make_job('finance_risk', "
        "CaseParams.model_construct(recipe='binary', prepare=json.loads(sys.argv[2])), Paths(Path(sys.argv[1])))); "
        "print(*sorted({'torch', 'lightning', 'mlflow', 'prefect', 'dvc'} & sys.modules.keys()))"
    )
    arguments = [str(job.paths.root), json.dumps(job.params.prepare)]
    result = data_forks.run("-c", program, *arguments, cwd=CHECKOUT)
    assert (result.returncode, result.stdout.split()) == (0, []), result.stderr
