"""What the gate is told: the stages of a case on its toy rows, and what each question of the gate rests on."""

from dataclasses import dataclass, replace

import pandas as pd
import pytest

from components.core.files import read_json, write_json
from components.core.job import TEST, Job, Paths
from components.core.params.load import load_params
from components.core.params.overrides import override
from components.core.recipe import Recipe, make_job, recipe_of
from components.core.results import Answers
from components.registry.gate import Evidence, decide
from components.registry.ledger import history
from components.tracking.track import connect
from pipelines.asked_overrides import VARIABLE, variables
from pipelines.provenance import git_state
from pipelines.steps import release
from tests.pipelines.conftest import Checkout, copy_of

pytestmark = pytest.mark.slow
PROBABILITIES = {"calibration log_loss", "calibration brier", "constant log_loss", "constant brier"}


@dataclass(frozen=True)
class Released:
    job: Job
    recipe: Recipe
    answers: Answers

    def weighed(self, job: Job) -> Evidence:
        tracker, git = connect(job.paths.root), git_state(job.paths.root)
        bundle = job.paths.bundle(job.case)
        return release.weigh(job, self.recipe, tracker, "1", None, self.answers, {}, git, bundle)

    def refused(self, job: Job) -> set[str]:
        decision = decide(self.weighed(job), job.params.release)
        return {check.name for check in decision.checks if not check.passed}


@pytest.fixture(scope="module")
def released(pristine: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Released:
    root = copy_of(pristine, tmp_path_factory.mktemp("released") / "checkout").root
    job = make_job("toy", load_params(root / "params.yaml").case("toy"), Paths(root))
    recipe = recipe_of(job)
    return Released(job, recipe, recipe.serving.answers(job, job.paths.bundle(job.case), TEST))


def test_the_fit_measures_how_far_the_network_is_from_its_graph(released: Released) -> None:
    found = read_json(released.job.paths.fitted(released.job.case) / "fit.json")
    assert 0 <= found["network_gap"] < 1e-5
    reasons = {check["name"]: check["reason"] for check in report(released)["checks"]}
    assert reasons["exported"] == (
        "the network and its graph in 32 bits, on validation rows: "
        f"at most {found['network_gap']:.2g} apart, allowed 1e-05"
    )


def test_the_registered_bundle_answers_what_evaluate_judged(released: Released) -> None:
    paths = released.job.paths
    picked = read_json(paths.compression(released.job.case) / "variants.json")["picked"]
    (served,) = [check for check in report(released)["checks"] if check["name"] == "served"]
    assert served["passed"]
    assert served["reason"].startswith(f"the registered bundle (variant {picked}) and the answers that evaluate judged")


def test_answers_other_than_those_judged_are_refused(released: Released) -> None:
    off = Answers(released.answers.target, released.answers.score + 2e-6)
    assert "served" not in released.refused(released.job)
    assert "served" in replace(released, answers=off).refused(released.job)


@pytest.mark.parametrize("gap", [0.5, None, "left out"])
def test_a_graph_that_answers_otherwise_or_was_not_measured_is_refused(
    released: Released, gap: float | str | None
) -> None:
    """Fits of before the measurement have no such key."""
    path = released.job.paths.fitted(released.job.case) / "fit.json"
    before = path.read_bytes()
    content = read_json(path)
    assert "exported" not in released.refused(released.job)
    content["network_gap"] = gap
    write_json(path, {name: value for name, value in content.items() if value != "left out"})
    try:
        assert "exported" in released.refused(released.job)
    finally:
        path.write_bytes(before)


def test_intervals_are_as_wide_as_the_params_say(released: Released) -> None:
    def widths(**values: float) -> list[float]:
        params = override(released.job.params, {f"release.{name}": value for name, value in values.items()})
        rivals = released.weighed(replace(released.job, params=params)).baselines
        return [rival.difference.high - rival.difference.low for rival in rivals if rival.difference is not None]

    narrow, wide, other = widths(confidence=0.6), widths(confidence=0.95), widths(confidence=0.95, seed=1)
    assert len(narrow) == len(wide) == 2  # logistic and lightgbm
    assert all(less < more for less, more in zip(narrow, wide, strict=True))
    assert wide == widths()
    assert wide != other


def test_probabilities_are_held_against_the_best_baseline_and_the_share_of_the_training_rows(
    released: Released,
) -> None:
    prepared = released.job.paths.prepared(released.job.case)
    share = pd.read_parquet(prepared / "train.parquet")["target"].mean()
    target = released.answers.target.astype(float)
    found = {one.metric: one for one in released.weighed(released.job).calibration or ()}
    judged = release.judged(released.job)[TEST]
    assert found.keys() == {"log_loss", "brier"}
    constant, best = found["brier"].constant, found["brier"].best
    assert constant is not None
    assert best is not None
    assert constant.value == pytest.approx(((target - share) ** 2).mean())
    assert constant.difference is not None
    served = ((target - released.answers.score) ** 2).mean()
    assert constant.difference.value == pytest.approx(constant.value - served)
    assert best.value == min(judged[name]["brier"].value for name in ("logistic", "lightgbm"))


def test_probabilities_that_are_far_off_are_refused_though_they_rank_as_before(released: Released) -> None:
    params = override(released.job.params, {"release.calibration_margin": 1.0})
    job = replace(released.job, params=params)
    assert not released.refused(job) & PROBABILITIES
    sure = released.answers.score**0.1  # nearly all above one half, in the same order
    sharp = replace(released, answers=Answers(released.answers.target, sure))
    assert sharp.refused(job) & PROBABILITIES == {"constant log_loss", "constant brier"}
    strict = replace(job, params=override(params, {"release.calibration_margin": 0.002}))
    assert sharp.refused(strict) >= PROBABILITIES


def test_an_override_lets_what_was_refused_serve_and_is_shown_everywhere(
    finished: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = finished.root
    (root / "components" / "edited.py").write_text("")
    job = make_job("toy", load_params(root / "params.yaml").case("toy"), Paths(root))
    reports, tracker = job.paths.reports("toy"), connect(root)
    release.run(job)
    assert read_json(reports / "summary.json")["gate"] == "refused: committed"
    for name, value in variables("toy", root, (), "Ada", "a demo", "2030-12-31").items():
        monkeypatch.setenv(name, value)
    release.run(job)
    monkeypatch.delenv(VARIABLE)
    told = "overridden by Ada until 2030-12-31 because a demo"
    word = {"check": "committed", "who": "Ada", "because": "a demo", "until": "2030-12-31"}
    found = read_json(reports / "release.json")
    assert found["promoted"]
    assert [one["override"] for one in found["checks"] if not one["passed"]] == [word]
    assert read_json(reports / "summary.json")["gate"] == "promoted: committed overridden"
    card = (reports / "card.md").read_text(encoding="utf-8")
    assert f"**By an override** of what failed: committed {told}." in card
    assert "| **failed**, overridden | committed |" in card
    entry = history(tracker, "toy")[-1]
    assert (entry.action, entry.overrides) == ("promoted", [word])
    version = tracker.client.get_model_version("toy", found["version"])
    assert version.tags["overrides"] == f"committed {told}"
    assert told in version.description
    holding, ended = release.overrides_for(job, tracker, found["version"])  # asked again, it holds until it ends
    assert ([one.check for one in holding], ended) == (["committed"], [])
    past = override(job.params, {"release.overrides": [{**word, "until": "2020-01-01"}]})
    holding, ended = release.overrides_for(replace(job, params=past), tracker, None)
    assert (holding, [one.day for one in ended]) == ([], ["2020-01-01"])


def test_the_learner_is_told_apart_from_the_baselines(released: Released) -> None:
    told = read_json(released.job.paths.reports(released.job.case) / "metrics.json")
    assert set(told["baselines"]) == {"logistic", "lightgbm"}
    assert told["learner"]["auc"] not in [one["auc"] for one in told["baselines"].values()]


def report(released: Released) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = read_json(released.job.paths.reports(released.job.case) / "release.json")
    return found
