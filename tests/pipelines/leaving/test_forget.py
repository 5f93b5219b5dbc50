"""A person taken out of the log of predictions and named to prepare and predict, by a digest, in params.yaml."""

import stat
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from components.core.errors import CasebookError
from components.core.forgotten import digest_of
from components.core.job import Job, Paths
from components.core.params.load import load_params
from components.core.params.monitor import PredictionLog
from components.core.recipe import make_job
from components.monitoring.log import append, logged
from pipelines.leaving.forget import forget
from pipelines.leaving.params import add_forgotten

ROOT = Path(__file__).resolve().parents[3]
LOG = PredictionLog(enabled=True, rows=100, megabytes=1.0)
SEVEN, EIGHT = digest_of(["7"]), digest_of(["8"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    return tmp_path


def job_of(root: Path, case: str) -> Job:
    return make_job(case, load_params(root / "params.yaml").case(case), Paths(root))


def asked(root: Path, users: list[Any]) -> Path:
    path = append(root, "recommender", pd.DataFrame({"user_id:token": users}), pd.DataFrame(), "1", LOG)
    assert path is not None
    return path


def test_a_person_goes_from_the_log_and_into_params(root: Path) -> None:
    alone, among, others = asked(root, [7.0, None]), asked(root, ["7", "8", " 7 "]), asked(root, ["8"])
    untouched = others.read_bytes()
    gone = forget(root, job_of(root, "recommender"), ["7"])
    assert (gone.rows, gone.is_new) == (3, True)
    left = [frame["user_id:token"].dropna().tolist() for frame in logged(root, "recommender", days=1)]
    assert left == [[], ["8"], ["8"]]
    assert pq.read_table(among).num_rows == 1
    assert stat.S_IMODE(among.stat().st_mode) == stat.S_IMODE(alone.stat().st_mode) == 0o600
    assert others.read_bytes() == untouched
    assert job_of(root, "recommender").prepare.forgotten == (SEVEN,)
    again = forget(root, job_of(root, "recommender"), ["7"])
    assert (again.rows, again.is_new) == (0, False)


def test_a_file_that_holds_nobody_else_goes(root: Path) -> None:
    path = asked(root, ["7", "7"])
    assert forget(root, job_of(root, "recommender"), ["7"]).rows == 2
    assert not path.exists()


def test_params_keep_every_other_byte(root: Path) -> None:
    before = (root / "params.yaml").read_text(encoding="utf-8")
    for digest in (SEVEN, EIGHT):
        assert add_forgotten(root, "recommender", digest)
    assert not add_forgotten(root, "recommender", SEVEN)
    after = (root / "params.yaml").read_text(encoding="utf-8")
    assert after.replace(f"forgotten: [{SEVEN}, {EIGHT}]\n      ", "") == before
    assert yaml.safe_load(after)["cases"]["recommender"]["prepare"]["forgotten"] == [SEVEN, EIGHT]
    assert not yaml.safe_load(after)["cases"]["finance_risk"]["prepare"].get("forgotten")


def test_rows_without_a_key_are_nobodys(root: Path) -> None:
    for case in ("finance_risk", "medical_cells", "pinyin_hanzi"):
        with pytest.raises(CasebookError, match=rf"{case}: nothing says whose a row is; .*prepare\.key"):
            forget(root, job_of(root, case), ["7"])


def test_a_key_has_a_value_for_each_of_its_columns(root: Path) -> None:
    with pytest.raises(CasebookError, match=r"a key has 1 value\(s\), user_id:token, and 2 were given"):
        forget(root, job_of(root, "recommender"), ["7", "8"])
