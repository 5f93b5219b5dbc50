"""SIGKILL of the whole `dvc repro` at every place that matters, one after the other, the same command after each.

The end is that of an undisturbed run, and nothing that was finished is done again. The same in runs with a helper,
where each of its processes is killed: the fork, who stands for it, the helper, and DVC's whole group.
"""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

pytestmark = pytest.mark.slow

VALIDATION = "components.recipes.binary.training.learner:BinaryLearner.validation_step before"  # once an epoch
ALIAS = "mlflow:MlflowClient.set_registered_model_alias"  # first `candidate`, then `champion`
KILLS = {
    "fetch, rows copied": ("fetch components.sources.fetch:write_json before", 1),
    "prepare, a split written": ("prepare components.kits.tables.write:pq.write_table after", 1),
    "search, second epoch of the second trial": (f"search {VALIDATION}", 6),
    "search, all trials ended": ("search pipelines.steps.search:summary before", 1),
    "fit, third epoch": (f"fit {VALIDATION}", 3),
    "fit, all epochs ended": ("fit components.training.fit:FitResult before", 1),
    "fit, folder half written": ("fit pipelines.steps.fit:write_json before", 1),
    "fit, done but not recorded": ("fit pipelines.steps.fit:close_state after", 1),
    "compress, second epoch of the pruned": (f"compress {VALIDATION}", 2),
    "compress, one folder of two": ("compress pipelines.steps.compress:shutil.copytree before", 1),
    "evaluate, predictions written": ("evaluate components.evaluation.report:write_tables before", 1),
    "release, before the registration": ("release mlflow:MlflowClient.create_model_version before", 1),
    "release, after the registration": ("release pipelines.steps.release:register after", 1),
    "release, before the champion's alias": (f"release {ALIAS} before", 2),
    "release, after the champion's alias": (f"release {ALIAS} after", 2),
    "release, one report of three": ("release pipelines.steps.release:write_json after", 1),
}
FORKED = {
    "search, second epoch of the second trial": "stand-in",
    "fit, third epoch": "helper",
    "fit, done but not recorded": "stand-in",
    "compress, second epoch of the pruned": "stage",
    "compress, one folder of two": "group",
    "release, after the registration": "helper",
    "release, after the champion's alias": "group",
}
TIMES = {"p50_ms", "p99_ms", "per_s"}


@dataclass
class Story:
    """A checkout that was killed again and again, and what was seen on the way."""

    checkout: Any
    kills: tuple[str, ...]
    struck: dict[str, bool] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    said: str = ""


def tell(kind: str, tmp_path_factory, checkouts) -> Story:
    victims = FORKED if kind == "warm" else dict.fromkeys(KILLS, "group")
    made = Story(checkouts(tmp_path_factory.mktemp("story") / "checkout"), tuple(victims))
    repro = made.checkout.warm_repro if kind == "warm" else made.checkout.repro
    for name, victim in victims.items():
        place, call = KILLS[name]
        ended = repro("release@toy", **made.checkout.fault(place, victim, call=call))
        made.struck[name], made.codes[name] = made.checkout.struck(), ended.code
        made.left[name] = made.checkout.leftovers()
        made.said += f"\n=== {name}\n{ended.said}"
        print(f"\n=== {name}\n{ended.said}")
    last = repro("release@toy", **made.checkout.fault("none nowhere:at before"))
    assert last.code == 0, last.said
    assert "starts by itself" not in made.said + last.said
    return made


@pytest.fixture(scope="module", params=["cold", "warm"])
def story(request, tmp_path_factory, checkouts) -> Story:
    return tell(request.param, tmp_path_factory, checkouts)


def test_the_kills_fell_where_they_should(story: Story) -> None:
    assert story.struck == dict.fromkeys(story.kills, True), story.said
    if story.kills == tuple(KILLS):
        assert set(story.codes.values()) == {-9}
    else:  # DVC's own, as it stands at the end of who started it; it lives to see a fork end by a signal
        assert story.codes == {name: 256 - 9 if FORKED[name] == "group" else 255 for name in story.kills}


def test_every_result_is_that_of_an_undisturbed_run(story: Story, pristine) -> None:
    timed = {"reports/toy/compression", "reports/toy/metrics.json", "reports/toy/summary.json", "reports/toy/card.md"}
    expected, found = pristine.outs(), story.checkout.outs()
    assert {path for path in expected if expected[path] != found[path]} <= timed
    for path in ("models/toy/best.json", "reports/toy/release.json"):
        assert story.checkout.json(path) == pristine.json(path)
    assert untimed(story.checkout.json("reports/toy/metrics.json")) == untimed(
        pristine.json("reports/toy/metrics.json")
    )


def untimed(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: untimed(value) for key, value in content.items() if key not in TIMES}
    return [untimed(one) for one in content] if isinstance(content, list) else content


def test_each_epoch_is_trained_once(story: Story) -> None:
    trained = Counter((story.checkout.root.parent / "epochs").read_text(encoding="utf-8").splitlines())
    # Three trials (one is pruned, at its last epoch) and a fit of 4; 3 of the pruned variant, 2 of the distilled one.
    fit = {f"fit {epoch}": 1 for epoch in range(4)}
    search = {f"search {epoch}": 3 for epoch in range(4)}
    assert trained == fit | search | {"compress 0": 2, "compress 1": 2, "compress 2": 1}


def test_mlflow_shows_one_fit_with_each_epoch_once(story: Story, pristine) -> None:
    epochs = """select m.key, m.step, m.value from metrics m join tags t on t.run_uuid = m.run_uuid
        where t.key = 'casebook.stage' and t.value = 'fit' and m.key in ('train/loss', 'val/loss') order by 1, 2"""
    assert len(pristine.rows(epochs)) == 2 * 4
    assert story.checkout.rows(epochs) == pristine.rows(epochs)


def test_no_run_is_left_running_and_trials_tell_what_they_were(story: Story, pristine) -> None:
    assert story.checkout.rows("select name from runs where status = 'RUNNING'") == []
    trials = """select r.status, s.value, count(*) from runs r join tags s on s.run_uuid = r.run_uuid
        where s.key = 'optuna.state' group by 1, 2"""
    told = {state: (status, count) for status, state, count in story.checkout.rows(trials)}
    assert told.pop("FAIL") == ("FAILED", 1)  # the attempt that the kill cut off
    assert told == {state: (status, count) for status, state, count in pristine.rows(trials)}


def test_the_registry_has_one_version_and_the_ledger_one_entry(story: Story, pristine) -> None:
    versions = "select version, current_stage from model_versions"
    assert story.checkout.rows(versions) == pristine.rows(versions) == [(1, "None")]
    aliases = "select alias, version from registered_model_aliases order by alias"
    assert story.checkout.rows(aliases) == [("candidate", 1), ("champion", 1)]
    ledger = "select key from registered_model_tags where key like 'mlflow.casebook.decision.%'"
    assert len(story.checkout.rows(ledger)) == 1


def test_what_kills_leave_half_written_is_gone(story: Story) -> None:
    assert any(story.left.values()), "no kill left anything: this test would see nothing"
    assert story.checkout.leftovers() == []
    shutil.rmtree(story.checkout.root)
