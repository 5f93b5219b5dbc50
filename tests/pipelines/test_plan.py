"""Which stages a run starts: those that are stale, and those that read what one of them writes."""

import re
from pathlib import Path

from components.core.params.case import Params
from components.core.params.load import load_params
from components.core.yaml_files import read_yaml
from pipelines.plan import FOLLOW_START, FOLLOWS, following
from pipelines.stages import STAGES

ROOT = Path(__file__).resolve().parents[2]


def second_starts_from_first() -> Params:
    case = load_params(ROOT / "params.yaml").case("finance_risk")
    return Params(cases={"first": case, "second": case.model_copy(update={"start": "first"})})


def paths(entries: list[str | dict[str, object]]) -> list[str]:
    return [path for entry in entries for path in ([entry] if isinstance(entry, str) else entry)]


def test_what_follows_what_is_as_dvc_yaml_has_it() -> None:
    stages = {name: one["do"] for name, one in read_yaml(ROOT / "dvc.yaml")["stages"].items() if name != "code"}
    outs = {
        out: name
        for name, one in stages.items()
        for kind in ("outs", "plots", "metrics")
        for out in paths(one.get(kind, []))
    }
    assert list(stages) == list(STAGES)
    assert {name: set(FOLLOWS[name]) for name in stages} == {
        name: {outs[dep] for dep in one["deps"] if dep in outs} for name, one in stages.items()
    }
    start = re.compile(r"models/\$\{item\.start\}/bundle")
    assert [name for name, one in stages.items() if any(map(start.fullmatch, one["deps"]))] == list(FOLLOW_START)


def test_what_reads_the_outs_of_a_stale_stage_follows_it() -> None:
    params = second_starts_from_first()
    first = {f"{stage}@first" for stage in STAGES}
    assert following([], first, params) == set()
    assert following(["evaluate@first"], first, params) == {"evaluate@first", "release@first"}
    assert following(["fit@first"], first, params) == first - {"fetch@first", "prepare@first", "search@first"}
    assert following(["fetch@first"], first, params) == first


def test_a_new_bundle_is_followed_by_the_training_of_what_starts_from_it() -> None:
    params = second_starts_from_first()
    both = {f"{stage}@{case}" for stage in STAGES for case in ("first", "second")}
    ran = following(["compress@first"], both, params)
    trained = {f"{stage}@second" for stage in ("search", "fit", "evaluate", "compress", "release")}
    assert ran == {"compress@first", "evaluate@first", "release@first"} | trained
    assert following(["release@first"], both, params) == {"release@first"}
    assert following(["search@second"], both, params) == trained
