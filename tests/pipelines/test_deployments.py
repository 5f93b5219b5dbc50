"""What `prefect.yaml` says, of which sources there can be news, and where links lead."""

from pathlib import Path

import pytest
import yaml

from components.core.params.case import Params
from components.core.params.load import load_params
from components.core.params.operate import OperateParams, load_operate
from pipelines.operating.deployments import prefect_yaml
from pipelines.operating.links import page_address
from pipelines.retrain import pinned

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def params() -> Params:
    return load_params(ROOT / "params.yaml")


@pytest.fixture(scope="module")
def operate() -> OperateParams:
    return load_operate(ROOT / "params.yaml")


def test_the_file_in_the_repository_is_what_params_say(params, operate):
    assert (ROOT / "prefect.yaml").read_text(encoding="utf-8") == prefect_yaml(params, operate), (
        "params.yaml has changed: `make deploy` writes prefect.yaml anew"
    )


def test_every_case_is_retrained_and_monitored_and_one_deployment_takes_stages(params, operate):
    content = yaml.safe_load(prefect_yaml(params, operate))
    found = {(one["entrypoint"], one["name"], one["work_pool"]["name"]) for one in content["deployments"]}
    expected = {("pipelines/develop.py:stage_on_pool", "gpu", "gpu")}
    for case in params.cases:
        expected |= {(f"pipelines/{flow}.py:{flow}", case, "cpu") for flow in ("retrain", "monitor")}
    assert found == expected
    for entrypoint in {one["entrypoint"] for one in content["deployments"]}:
        path, _, function = entrypoint.partition(":")
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")


def test_a_case_has_its_own_schedule_or_none(params, operate):
    own = {"finance_risk": {"retrain.cron": None}, "recommender": {"retrain.timezone": "Europe/Berlin"}}
    changed = operate.model_copy(update={"cases": own})
    content = yaml.safe_load(prefect_yaml(params, changed))
    schedules = {one["name"]: one["schedules"] for one in content["deployments"] if "retrain" in one["entrypoint"]}
    assert schedules["finance_risk"] == []
    (berlin,) = schedules["recommender"]
    assert (berlin["timezone"], berlin["cron"]) == ("Europe/Berlin", operate.retrain.cron)
    assert schedules["pinyin_hanzi"][0]["timezone"] == operate.retrain.timezone


def test_no_secret_has_a_place_in_a_deployment(params, operate, monkeypatch):
    monkeypatch.setenv("CASEBOOK_DATABASE_URL", "postgresql+psycopg://casebook:canary@127.0.0.1/casebook")
    monkeypatch.setenv("CASEBOOK_TOKEN", "canary")
    assert "canary" not in prefect_yaml(params, operate)


def test_a_source_with_digests_cannot_change_and_one_without_can(params):
    wheel = params.case("finance_risk").source
    assert pinned(wheel) is not None
    digest = "0" * 64
    example = {"kind": "file", "path": "rows.csv", "watch": "rows.csv", "beside": {}, "to": "rows.csv"}
    words = {"licence": "none", "citation": "none"}
    block = params.case("finance_risk").model_dump(mode="python")
    for sha256, answer in ((digest, "params.yaml has its digest"), (None, None)):
        block["source"] = example | words | {"sha256": sha256}
        assert pinned(type(params.case("finance_risk")).model_validate(block).source) == answer


@pytest.mark.parametrize(
    ("store", "address"),
    [
        ("sqlite:////srv/casebook/mlflow.db", "http://127.0.0.1:5000/#/experiments/3/runs/abc"),
        ("http://10.0.0.7:5000/", "http://10.0.0.7:5000/#/experiments/3/runs/abc"),
        ("https://someone:secret@mlflow.example/base", "https://mlflow.example/base/#/experiments/3/runs/abc"),
    ],
)
def test_a_link_leads_to_the_pages_of_the_store_and_shows_no_password(store, address):
    assert page_address(store, "3", "abc") == address
