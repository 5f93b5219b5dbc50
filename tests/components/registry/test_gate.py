"""The gate: every bar on both sides, and nothing missing or NaN ever passes."""

import math
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.params.case import ReleaseParams
from components.core.results import Decision, Interval
from components.registry.gate import Evidence, Rival, decide, decision_digest
from tests.components.registry.conftest import child_environment

BARS = ReleaseParams(
    floors={"auc": 0.80, "brier": 0.20},
    baseline_margin=0.001,
    champion_margin=0.005,
    resamples=1000,
    confidence=0.95,
    seed=0,
    max_network_gap=1e-5,
    max_served_gap=1e-6,
    allow_dirty=False,
    waive_champion=False,
)
GOOD = Evidence(
    primary="auc",
    lower_is_better=frozenset({"brier"}),
    metrics={"auc": Interval(0.85, 0.83, 0.87), "brier": Interval(0.13, 0.12, 0.14)},
    baselines=(
        Rival("logistic", 0.845, Interval(0.85 - 0.845, 0.002, 0.008)),
        Rival("lightgbm", 0.840, Interval(0.85 - 0.840, 0.004, 0.016)),
    ),
    has_champion=True,
    champion=Rival("3", 0.849, Interval(0.001, -0.004, 0.006)),
    smoke=False,
    dirty=False,
    network_gap=3e-8,
    variant="int8_static",
    served_gap=1e-7,
    cut=(),
    withdrawn=False,
)
NOT_NUMBERS = (math.nan, math.inf, -math.inf, None)


def failed(decision: Decision) -> set[str]:
    return {check.name for check in decision.checks if not check.passed}


def changed(**values: Any) -> Decision:
    return decide(replace(GOOD, **values), BARS)


def with_auc(value: float) -> dict[str, Interval]:
    return {**GOOD.metrics, "auc": Interval(value, 0.5, 1.0)}


def test_good_evidence_is_promoted_and_every_check_gives_its_figures() -> None:
    decision = decide(GOOD, BARS)
    assert decision.promoted
    assert decision.reasons == ()
    reasons = {check.name: check.reason for check in decision.checks}
    assert reasons["floor auc"] == "auc 0.8500 [0.8300, 0.8700], at least 0.8000"
    assert reasons["floor brier"] == "brier 0.1300 [0.1200, 0.1400], at most 0.2000"
    assert reasons["baseline logistic"] == ("auc +0.0050 [+0.0020, +0.0080] over logistic (0.8450), at least +0.0010")
    assert reasons["champion"] == (
        "auc +0.0010 [-0.0040, +0.0060] over champion 3 (0.8490), lower bound at least -0.0050"
    )
    assert reasons["exported"] == (
        "the network and its graph in 32 bits, on validation rows: at most 3e-08 apart, allowed 1e-05"
    )
    assert reasons["served"] == (
        "the registered bundle (variant int8_static) and the answers that evaluate judged, on test rows: "
        "at most 1e-07 apart, allowed 1e-06"
    )
    assert all("\n" not in check.reason for check in decision.checks)


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ({"smoke": True}, "real"),
        ({"smoke": None}, "real"),
        ({"dirty": True}, "committed"),
        ({"dirty": None}, "committed"),
        ({"withdrawn": True}, "not withdrawn"),
        ({"withdrawn": None}, "not withdrawn"),
        ({"cut": None}, "trained"),
        ({"metrics": with_auc(0.7999)}, "floor auc"),
        ({"metrics": {**GOOD.metrics, "brier": Interval(0.2001, 0.1, 0.3)}}, "floor brier"),
        ({"baselines": ()}, "baseline"),
        ({"has_champion": None}, "champion"),
        ({"has_champion": False}, "champion"),
        ({"champion": None}, "champion"),
        ({"champion": Rival("3", 0.849, None, "its bundle is gone")}, "champion"),
        ({"champion": Rival("3", 0.849, Interval(0.001, -0.0051, 0.006))}, "champion"),
        ({"network_gap": 1.1e-5}, "exported"),
        ({"network_gap": -1e-9}, "exported"),
        ({"network_gap": None}, "exported"),
        ({"variant": None}, "served"),
        ({"served_gap": 1.1e-6}, "served"),
        ({"served_gap": -1e-9}, "served"),
        ({"served_gap": None}, "served"),
    ],
)
def test_one_thing_wrong_is_refused_by_its_own_check(values: dict[str, Any], check: str) -> None:
    decision = changed(**values)
    assert not decision.promoted
    assert failed(decision) == {check}


@pytest.mark.parametrize("gap", ["network_gap", "served_gap"])
def test_a_gap_itself_may_be_as_wide_as_allowed_and_none_at_all(gap: str) -> None:
    most = getattr(BARS, f"max_{gap}")
    assert changed(**{gap: most}).promoted
    assert changed(**{gap: 0.0}).promoted
    assert not changed(**{gap: math.nextafter(most, 1)}).promoted


def test_a_fit_that_time_has_cut_is_told_and_not_refused() -> None:
    decision = changed(cut=("the fit was cut by fit.max_minutes in epoch 16 of 16",))
    told = {check.name: check.reason for check in decision.checks}
    assert decision.promoted
    assert told["trained"] == "the fit was cut by fit.max_minutes in epoch 16 of 16"


def test_what_was_not_measured_says_which_stage_measures_it() -> None:
    reasons = changed(network_gap=None, served_gap=None).reasons
    assert len(reasons) == 2
    assert reasons[0].endswith("not known how far apart they are; run the fit again")
    assert reasons[1].endswith("not known how far apart they are; run evaluate again")


def test_a_metric_with_a_floor_that_is_missing_is_refused() -> None:
    decision = changed(metrics={"auc": GOOD.metrics["auc"]})
    assert failed(decision) == {"floor brier"}


def test_the_primary_metric_is_asked_for_even_without_a_floor() -> None:
    bars = BARS.model_copy(update={"floors": {}})
    assert failed(decide(replace(GOOD, metrics={"brier": GOOD.metrics["brier"]}), bars)) == {"scored"}


@pytest.mark.parametrize(("value", "promoted"), [(0.80, True), (math.nextafter(0.80, 0), False)])
def test_a_floor_itself_is_enough(value: float, promoted: bool) -> None:
    assert changed(metrics=with_auc(value)).promoted is promoted


@pytest.mark.parametrize(("value", "promoted"), [(0.20, True), (math.nextafter(0.20, 1), False)])
def test_for_a_metric_that_is_better_low_the_bar_is_a_ceiling(value: float, promoted: bool) -> None:
    assert changed(metrics={**GOOD.metrics, "brier": Interval(value, 0, 1)}).promoted is promoted


@pytest.mark.parametrize(("gain", "promoted"), [(0.001, True), (math.nextafter(0.001, 0), False)])
def test_each_baseline_is_beaten_by_the_margin(gain: float, promoted: bool) -> None:
    second = Rival("lightgbm", 0.84, Interval(gain, -0.01, 0.02))
    decision = changed(baselines=(GOOD.baselines[0], second))
    assert decision.promoted is promoted
    assert failed(decision) == (set() if promoted else {"baseline lightgbm"})


@pytest.mark.parametrize(("low", "promoted"), [(-0.005, True), (math.nextafter(-0.005, -1), False), (0.1, True)])
def test_the_champion_is_held_to_the_lower_bound(low: float, promoted: bool) -> None:
    champion = Rival("3", 0.849, Interval(0.2, low, 0.3))
    assert changed(champion=champion).promoted is promoted


def test_the_same_model_again_passes_with_a_margin_of_zero() -> None:
    champion = Rival("3", 0.85, Interval(0.0, 0.0, 0.0))
    assert decide(replace(GOOD, champion=champion), BARS.model_copy(update={"champion_margin": 0.0})).promoted


def test_there_need_not_be_a_champion() -> None:
    assert changed(has_champion=False, champion=None).promoted


def test_a_champion_that_cannot_be_scored_is_replaced_only_when_told() -> None:
    gone = Rival("3", None, None, "its bundle is gone")
    decision = changed(champion=gone, waive_champion=True)
    assert decision.promoted
    assert "replaced all the same" in next(check.reason for check in decision.checks if check.name == "champion")
    assert not changed(champion=gone).promoted


def test_the_waiver_does_not_cover_a_champion_that_was_scored_and_is_better() -> None:
    better = Rival("3", 0.9, Interval(-0.05, -0.06, -0.04))
    assert not changed(champion=better, waive_champion=True).promoted
    assert not changed(champion=Rival("3", 0.9, Interval(math.nan, 0.0, 0.1)), waive_champion=True).promoted


def test_a_dirty_tree_passes_when_allowed_and_says_so() -> None:
    decision = decide(replace(GOOD, dirty=True), BARS.model_copy(update={"allow_dirty": True}))
    assert decision.promoted
    assert "allowed by release.allow_dirty" in " ".join(check.reason for check in decision.checks)
    assert not decide(replace(GOOD, dirty=None), BARS.model_copy(update={"allow_dirty": True})).promoted


def test_a_biased_metric_may_lie_outside_its_bootstrap_interval() -> None:
    assert changed(metrics={**GOOD.metrics, "ece": Interval(0.02, 0.03, 0.05)}).promoted


@pytest.mark.parametrize("bar", ["baseline_margin", "champion_margin", "max_network_gap", "max_served_gap"])
def test_a_bar_that_is_not_a_number_is_never_reached(bar: str) -> None:
    assert not decide(GOOD, BARS.model_copy(update={bar: math.nan})).promoted
    assert not decide(GOOD, BARS.model_copy(update={"floors": {"auc": math.nan}})).promoted


def test_the_digest_follows_figures_and_answer() -> None:
    assert decision_digest(decide(GOOD, BARS)) == decision_digest(decide(replace(GOOD), BARS))
    assert decision_digest(decide(GOOD, BARS)) != decision_digest(changed(metrics=with_auc(0.86)))
    assert decision_digest(decide(GOOD, BARS)) != decision_digest(changed(smoke=True))


bad_numbers = st.sampled_from(NOT_NUMBERS)
any_numbers = st.one_of(bad_numbers, st.floats(-1, 1), st.booleans(), st.just("0.9"))


@st.composite
def bad_intervals(draw: st.DrawFn) -> Any:
    numbers = [0.9, 0.8, 0.95]
    for place in draw(st.sets(st.integers(0, 2), min_size=1)):
        numbers[place] = draw(bad_numbers)  # type: ignore[call-overload]
    return draw(st.sampled_from([None, Interval(*numbers)]))


@st.composite
def spoilt(draw: st.DrawFn) -> Evidence:
    """Good evidence with one thing, anywhere in it, missing or not a number."""
    place = draw(st.sampled_from([field.name for field in fields(Evidence) if field.name != "waive_champion"]))
    if place == "metrics":
        name = draw(st.sampled_from(["auc", "brier", "ks"]))
        return replace(GOOD, metrics={**GOOD.metrics, name: draw(bad_intervals())})
    if place in ("baselines", "champion"):
        spoil = draw(st.sampled_from(["value", "difference"]))
        value = draw(bad_numbers if spoil == "value" else bad_intervals())
        rival = replace(GOOD.baselines[1], **{spoil: value})
        return (
            replace(GOOD, baselines=(GOOD.baselines[0], rival))
            if place == "baselines"
            else replace(GOOD, champion=rival)
        )
    if place == "primary":
        return replace(GOOD, primary="no such metric")
    if place == "lower_is_better":
        return replace(GOOD, metrics={"brier": GOOD.metrics["brier"]})
    return replace(GOOD, **{place: draw(bad_numbers)})


@given(spoilt())
def test_nothing_missing_or_nan_anywhere_is_promoted(evidence: Evidence) -> None:
    decision = decide(evidence, BARS)
    assert not decision.promoted
    assert decision.reasons


@given(
    st.dictionaries(st.sampled_from(["auc", "brier"]), st.builds(Interval, any_numbers, any_numbers, any_numbers)),
    st.lists(
        st.builds(Rival, st.text(max_size=5), any_numbers, st.builds(Interval, any_numbers, any_numbers, any_numbers))
    ),
    *[st.sampled_from([True, False, None, math.nan, 0, 1, ""])] * 4,
    *[any_numbers] * 2,
)
def test_promotion_implies_every_figure_is_a_number(
    metrics: Any, baselines: Any, has_champion: Any, smoke: Any, dirty: Any, withdrawn: Any, network: Any, served: Any
) -> None:
    evidence = replace(
        GOOD,
        metrics=metrics,
        baselines=tuple(baselines),
        has_champion=has_champion,
        champion=None,
        smoke=smoke,
        dirty=dirty,
        withdrawn=withdrawn,
        network_gap=network,
        served_gap=served,
    )
    decision = decide(evidence, BARS)
    if decision.promoted:
        figures = [number for one in metrics.values() for number in (one.value, one.low, one.high)]
        figures += [number for one in baselines for number in (one.value, one.difference.value, one.difference.low)]
        assert all(type(number) in (int, float) and math.isfinite(number) for number in [*figures, network, served])
        assert smoke is False
        assert dirty is False
        assert withdrawn is False
        assert has_champion is False
        assert baselines
        assert metrics["auc"].value >= 0.80


@given(st.floats(0.7, 1.0), st.floats(0, 0.1), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_more_of_everything_never_turns_a_promotion_into_a_refusal(
    auc: float, more: float, gain: float, low: float
) -> None:
    def answer(plus: float) -> bool:
        return changed(
            metrics=with_auc(auc + plus),
            baselines=(Rival("logistic", 0.8, Interval(gain + plus, -1.0, 1.0)),),
            champion=Rival("3", 0.8, Interval(0.0, low + plus, 1.0)),
        ).promoted

    assert answer(more) >= answer(0.0)


def test_deciding_loads_neither_mlflow_nor_torch() -> None:
    script = (
        "import sys, components.registry.gate, components.registry.card\n"
        "print({'mlflow', 'torch'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=child_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
