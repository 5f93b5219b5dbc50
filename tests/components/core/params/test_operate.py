"""The block `operate` is read whole or refused, and an override changes one case and no other."""

import copy
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import CasebookError
from components.core.params.load import load_params
from components.core.params.operate import Notify, OperateParams, load_operate
from components.core.yaml_files import dump_yaml, read_yaml

SHIPPED = Path(__file__).parents[4] / "params.yaml"


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return read_yaml(SHIPPED)


@pytest.fixture
def content(shipped) -> dict[str, Any]:
    """One case and the shipped block, to be made wrong."""
    name = "finance_risk"
    return {"cases": {name: shipped["cases"][name]}, "operate": copy.deepcopy(shipped["operate"]) | {"cases": {}}}


def load(content: Any, tmp_path: Path) -> OperateParams:
    path = tmp_path / "params.yaml"
    path.write_text(dump_yaml(content), encoding="utf-8")
    return load_operate(path)


def refused(content: Any, tmp_path: Path) -> str:
    with pytest.raises(CasebookError) as error:
        load(content, tmp_path)
    return str(error.value)


def test_the_shipped_block_is_read_with_the_overrides_of_its_cases(shipped):
    operate = load_operate(SHIPPED)
    assert operate.retrain.cron == shipped["operate"]["retrain"]["cron"]
    for case, values in shipped["operate"]["cases"].items():
        assert operate.of(case).retrain.cron == values["retrain.cron"]


def test_an_override_changes_its_own_case_alone(content, tmp_path):
    content["operate"]["cases"] = {"finance_risk": {"retrain.approval.needed": True, "monitor.cron": None}}
    operate = load(content, tmp_path)
    assert operate.retrain.approval.needed is False
    assert operate.of("finance_risk").retrain.approval.needed is True
    assert operate.of("finance_risk").monitor.cron is None
    assert operate.of("finance_risk").retrain.cron == operate.retrain.cron
    assert operate.of("another").retrain == operate.retrain


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("pools", "gpu", "concurency"), 1, "params.operate.pools.gpu.concurency: unknown key"),
        (("pools", "cpu", "concurrency"), 0, "params.operate.pools.cpu.concurrency: "),
        (("retrain", "timezone"), "Mars/Olympus", "params.operate.retrain.timezone: "),
        (("retrain", "start_deadline_s"), 0, "params.operate.retrain.start_deadline_s: "),
        (("retrain", "approval", "needed"), "yes", "params.operate.retrain.approval.needed: "),
        (("notify",), {"kind": "pigeon", "variable": "TEAM"}, "params.operate.notify.kind: "),
        (("notify",), {"kind": "email", "variable": "smtps://u:p@host"}, "params.operate.notify.variable: "),
        (("serve", "prot"), 8000, "params.operate.serve.prot: unknown key"),
        (("serve", "cases"), ["finance_rsk"], "no case 'finance_rsk'"),
        (("serve", "max_body"), {"finance_rsk": 4096}, "no case 'finance_rsk'"),
        (("serve", "max_body"), {"finance_risk": 0}, "params.operate.serve.max_body.finance_risk: "),
        (("cases",), {"finance_rsk": {}}, "no case 'finance_rsk'"),
        (("cases",), {"finance_risk": {"retrain.corn": None}}, "'retrain.corn' names no key"),
        (("cases",), {"finance_risk": {"pools.cpu": None}}, "'pools.cpu' names no key"),
        (("cases",), {"finance_risk": {"retrain.cron": 5}}, "params.operate.cases.finance_risk.retrain.cron: "),
    ],
)
def test_a_wrong_block_is_refused_by_its_key(content, tmp_path, keys, value, message):
    *parents, last = keys
    node = content["operate"]
    for part in parents:
        node = node[part]
    node[last] = value
    assert message in refused(content, tmp_path)


def test_an_address_in_the_place_of_its_variable_is_not_repeated(content, tmp_path):
    content["operate"]["notify"] = {"kind": "webhook", "variable": "https://chat.example.org/hooks/canary"}
    message = refused(content, tmp_path)
    assert "params.operate.notify.variable: write the name of the environment's variable that holds" in message
    assert "canary" not in message


def test_where_a_team_is_told_is_the_same_for_every_case(content, tmp_path):
    assert load(content, tmp_path).notify is None
    content["operate"]["notify"] = {"kind": "email", "variable": "TEAM_MAIL"}
    content["operate"]["cases"] = {"finance_risk": {"monitor.retrain": False}}
    operate = load(content, tmp_path)
    assert operate.notify == operate.of("finance_risk").notify == Notify(kind="email", variable="TEAM_MAIL")


def test_stages_need_no_block_and_operating_says_that_it_is_missing(content, tmp_path):
    del content["operate"]
    assert "no block `operate`" in refused(content, tmp_path)
    assert "finance_risk" in load_params(tmp_path / "params.yaml").cases
