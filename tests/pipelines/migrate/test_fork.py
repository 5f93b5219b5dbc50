"""A fork with a table and a recommender of its own that have run, brought to the form of today."""

import contextlib
import copy
import json
import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.core.job import Paths
from components.core.params.load import load_params
from components.core.params.old import MOVED
from components.core.recipe import make_job
from components.core.yaml_files import dump_yaml, read_yaml
from pipelines.code import resolve
from pipelines.commands.newcase import plan_example
from pipelines.commands.params import values
from pipelines.migrate.forms import CASE, CODES, THEN, VARIANT_OF
from pipelines.plan import plan
from pipelines.steps import fetch, prepare
from tests.pipelines.conftest import ROOT, Checkout, copy_of, explicit, put, toy
from tests.toy.jobs import toy_params

pytestmark = pytest.mark.slow

CASES = ("loans", "films", "never", "edited")
ACCEPTED = ("fetch@loans", "prepare@loans", "fetch@films", "prepare@films", "fetch@edited")
BLOCKS = {"fetch": "source", "prepare": "prepare"}
CODE = {"path": "components/params.py", "hash": "md5", "md5": "f89f8eebaa72083e1e9e55c6f44d5848", "size": 7834}
MIGRATE = ("python", "-m", "pipelines.cli", "migrate")
# The same, killed before params.yaml is written.
KILLED = """
import os, signal
from pathlib import Path
import pipelines.migrate.migrate as module

whole = module.write_text

def write(path, text):
    if path == Path.cwd() / "params.yaml":
        os.kill(os.getpid(), signal.SIGKILL)
    whole(path, text)

module.write_text = write
module.migrate(Path.cwd(), dry_run=False)
"""


@dataclass(frozen=True)
class Fork:
    """The checkout in the old form, the same after `casebook migrate`, what that said, and the values before."""

    old: Checkout
    new: Checkout
    said: str
    values: dict[str, dict[str, Any]]


def films() -> dict[str, Any]:
    block = toy_params("recommender").model_dump(mode="json")
    block["source"] |= {"path": "films/interactions.csv", "watch": "films"}
    return explicit(block)


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory, checkouts: Callable[[Path], Checkout]) -> Fork:
    """`never` has not run, and `edited` was edited since it ran. Read it; `copy_of` what you change."""
    old = checkouts(tmp_path_factory.mktemp("old") / "checkout")
    shutil.copytree(ROOT / "tests" / "toy" / "recommender", old.root / "films")
    operate = old.params()["operate"]
    cases = {"loans": toy(), "films": films(), "never": films(), "edited": toy()}
    old.write_params({"cases": cases, "operate": operate})
    run(old)
    before = {case: {one.key: one.value for one in values(old.root, case, {})} for case in CASES}
    to_old_form(old)
    examples = old.root / "examples"
    examples.mkdir()
    (examples / "larger.yaml").write_text(
        "like: loans\nvalues:\n  compress.prune.epochs: 5   # more\n  evaluate.bands: 4\n", encoding="utf-8"
    )
    old.commit()
    new = copy_of(old, tmp_path_factory.mktemp("new") / "checkout")
    said = new.run(*MIGRATE)
    assert said.code == 0, said.said
    return Fork(old, new, said.said, before)


def run(checkout: Checkout) -> None:
    """Fetch and prepare what has run, and let DVC write what it would of it."""
    resolve(checkout.root)
    params, ran = load_params(checkout.root / "params.yaml"), ("loans", "films", "edited")
    with contextlib.chdir(checkout.root):
        for case in ran:
            job = make_job(case, params.case(case), Paths(checkout.root))
            fetch.run(job)
            prepare.run(job)
    stages = [f"{stage}@{case}" for case in ran for stage in BLOCKS]
    committed = checkout.run("dvc", "commit", "--force", *stages)
    assert committed.code == 0, committed.said


def to_old_form(checkout: Checkout) -> None:
    """Write `params.yaml` and `dvc.lock` as they were before recipes; `edited` gets another value."""
    root, cases = checkout.root, load_params(checkout.root / "params.yaml").cases
    blocks = {name: old_block(case.model_dump(mode="json")) for name, case in cases.items()}
    lock = read_yaml(root / "dvc.lock")
    for stage, entry in lock["stages"].items():
        name, _, case = stage.partition("@")
        entry["deps"] = [CODE, *(dep for dep in entry["deps"] if not dep["path"].startswith("resolved/"))]
        entry["params"] = {"params.yaml": {f"cases.{case}.{BLOCKS[name]}": copy.deepcopy(blocks[case][BLOCKS[name]])}}
    (root / "dvc.lock").write_text(dump_yaml(lock), encoding="utf-8")
    put(blocks["edited"], "prepare.max_rejected", 0.02)
    checkout.write_params({**checkout.params(), "cases": blocks})
    for made in ("resolved", "models"):
        shutil.rmtree(root / made)


def old_block(block: dict[str, Any]) -> dict[str, Any]:
    """A whole block as it was written before recipes."""
    recipe, serving, made = block.pop("recipe"), block["model"]["serving"], block["compress"].pop("variants")
    del block["start"], block["release"]["max_network_gap"]
    for name, added in THEN.items():
        for key, value in added.items():
            assert block[name].pop(key) == value
    block["evaluate"] |= {key: serving.pop(key) for key in MOVED if key in serving}
    if not serving:
        del block["model"]["serving"]
    params = {key: made.get(name) for key, name in VARIANT_OF.items()}
    block["compress"] |= {"variants": list(made), **params, **made.get("int8_static", {})}
    block["smoke"] = {old_key(key): value for key, value in block["smoke"].items()}
    return {"code": {**CODES[recipe], "case": CASE[recipe]}, **block}


def old_key(dotted: str) -> str:
    names = {f"compress.variants.{name}.": f"compress.{key}." for key, name in VARIANT_OF.items()}
    for new, old in {**names, "compress.variants.int8_static.": "compress."}.items():
        dotted = dotted.replace(new, old)
    return dotted


def test_stages_of_both_kinds_are_accepted_and_each_other_has_its_reason(fork: Fork) -> None:
    told = dict(line.split(": ", 1) for line in fork.said.splitlines() if "@" in line)
    assert told == {
        **dict.fromkeys(ACCEPTED, "accepted; its code was not compared"),
        "prepare@edited": "runs again, prepare was edited since it ran",
    }
    assert fork.said.splitlines()[:5] == [*(f"params.yaml  cases.{case}" for case in CASES), "examples/larger.yaml"]


def test_dvc_and_the_dry_run_see_nothing_to_do_in_what_was_accepted(fork: Fork) -> None:
    assert fork.new.outs() == fork.old.outs()
    status = fork.new.run("dvc", "status", "--json")
    stale = json.loads(status.said[status.said.index("{") :]).keys()
    assert not set(ACCEPTED) & stale
    assert {"prepare@edited", "fetch@never", "search@films"} <= stale
    planned = dict(
        line.split(": ", 1) for line in plan([f"release@{case}" for case in CASES], fork.new.root, force=False)
    )
    assert not set(ACCEPTED) & planned.keys()
    assert planned["prepare@edited"] == "it last ran in the form before recipes"
    assert {"fetch@never", "search@films", "search@loans"} <= planned.keys()


def test_the_values_of_each_case_are_what_they_were(fork: Fork) -> None:
    fork.values["edited"]["prepare.max_rejected"] = 0.02
    assert {case: {one.key: one.value for one in values(fork.new.root, case, {})} for case in CASES} == fork.values


def test_a_profile_makes_a_case_of_the_values_that_it_sets(fork: Fork) -> None:
    text = (fork.new.root / "examples" / "larger.yaml").read_text(encoding="utf-8")
    assert text == "like: loans\nvalues:\n  compress.variants.pruned.epochs: 5   # more\n  model.serving.bands: 4\n"
    block = plan_example(fork.new.root, "larger", fork.new.root / "examples" / "larger.yaml")
    assert (block["compress"]["variants"]["pruned"]["epochs"], block["model"]["serving"]["bands"]) == (5, 4)


def test_a_second_call_has_nothing_to_do(fork: Fork) -> None:
    before = fork.new.git("status", "--porcelain"), fork.new.git("diff")
    again = fork.new.run(*MIGRATE)
    assert (again.code, again.said) == (0, "nothing is of an older form\n")
    assert (fork.new.git("status", "--porcelain"), fork.new.git("diff")) == before


def test_a_call_that_is_killed_half_way_is_gone_on_with(fork: Fork, tmp_path: Path) -> None:
    made = copy_of(fork.old, tmp_path / "checkout")
    assert made.run("python", "-c", KILLED).code == -signal.SIGKILL
    assert (made.root / "params.yaml").read_bytes() == (fork.old.root / "params.yaml").read_bytes()
    assert made.lock() == fork.new.lock()
    again = made.run(*MIGRATE)
    assert again.code == 0, again.said
    assert [f"{stage}: accepted; its code was not compared" in again.said for stage in ACCEPTED] == [True] * len(
        ACCEPTED
    )
    for name in ("params.yaml", "dvc.lock", "examples/larger.yaml"):
        assert (made.root / name).read_bytes() == (fork.new.root / name).read_bytes()


def test_results_that_only_the_cache_has_are_accepted_and_brought_from_there(fork: Fork, tmp_path: Path) -> None:
    made = copy_of(fork.old, tmp_path / "checkout")
    shutil.rmtree(made.root / "data")
    said = made.run(*MIGRATE)
    assert said.code == 0, said.said
    assert (
        "prepare@films: accepted; its code was not compared; not here as it was made: data/prepared/films" in said.said
    )
    assert made.lock() == fork.new.lock()
    ended = made.repro("prepare@films")
    assert (ended.code, re.findall("Running stage '(.*)'", ended.said)) == (0, ["code"]), ended.said
    assert "Stage 'prepare@films' is cached - skipping run" in ended.said
    assert made.digests("data/prepared/films") == fork.old.digests("data/prepared/films")
