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
from components.core.params.gate_override import Override
from components.core.results import Decision, Interval
from components.registry.calibrated import Calibration
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
    calibration_margin=0.002,
)
GOOD_CALIBRATION = Calibration(
    "log_loss",
    Rival("lightgbm", 0.40, Interval(-0.006, -0.013, 0.001)),
    Rival("constant", 0.59, Interval(0.19, 0.15, 0.22)),
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
    calibration=(GOOD_CALIBRATION,),
)
NOT_NUMBERS = (math.nan, math.inf, -math.inf, None)


def failed(decision: Decision) -> set[str]:
    return {check.name for check in decision.checks if not check.passed}


def changed(**values: Any) -> Decision:
    return decide(replace(GOOD, **values), BARS)


def overriding(check: str, who: str = "Ada", until: str = "2030-12-31") -> Override:
    return Override(check=check, who=who, because="a demo", until=until)  # type: ignore[arg-type] # a text is read


def calibrated(**differences: Interval) -> Calibration:
    """Good probabilities, but for the difference from the `best` baseline or from a `constant`."""
    rivals = {name: replace(getattr(GOOD_CALIBRATION, name), difference=one) for name, one in differences.items()}
    return replace(GOOD_CALIBRATION, **rivals)


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


def test_margins_are_shares_of_the_others_figure_where_the_metric_is_in_units_of_the_data() -> None:
    """RMSE of 20,000: baseline_margin .001 asks for 20, champion_margin .005 allows 100."""
    metrics = {"rmse": Interval(19_500.0, 17_000.0, 22_000.0), "auc": GOOD.metrics["auc"]}
    money = replace(
        GOOD, primary="rmse", lower_is_better=frozenset({"rmse", "brier"}), metrics={**GOOD.metrics, **metrics}
    )
    cases = [(20.0, -100.0, set()), (19.0, -100.0, {"baseline ridge"}), (20.0, -101.0, {"champion"})]
    for gain, low, missed in cases:
        evidence = replace(
            money,
            relative=True,
            baselines=(Rival("ridge", 20_000.0, Interval(gain, -500.0, 500.0)),),
            champion=Rival("3", 20_000.0, Interval(0.0, low, 100.0)),
        )
        assert failed(decide(evidence, BARS)) == missed
    reasons = {check.name: check.reason for check in decide(evidence, BARS).checks}
    assert reasons["baseline ridge"] == "rmse +20.00 [-500.00, +500.00] over ridge (20,000), at least +20.0000"


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ({"smoke": True}, "real"),
        ({"stated": None}, "stated"),
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
        ({"calibration": None}, "calibration"),
        ({"calibration": (calibrated(best=Interval(-0.006, -0.013, -0.0021)),)}, "calibration log_loss"),
        ({"calibration": (replace(GOOD_CALIBRATION, best=None),)}, "calibration log_loss"),
        ({"calibration": (calibrated(constant=Interval(-0.0001, -0.1, 0.1)),)}, "constant log_loss"),
        ({"calibration": (replace(GOOD_CALIBRATION, constant=None),)}, "constant log_loss"),
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


def test_a_champion_that_cannot_be_scored_is_replaced_only_by_an_override() -> None:
    gone = Rival("3", None, None, "its bundle is gone")
    decision = decide(replace(GOOD, champion=gone), BARS, [overriding("champion")])
    assert decision.promoted
    assert failed(decision) == {"champion"}
    assert not changed(champion=gone).promoted


def test_an_override_lets_its_check_fail_and_no_other() -> None:
    dirty, given = replace(GOOD, dirty=True), overriding("committed")
    decision = decide(dirty, BARS, [given])
    assert decision.promoted
    assert failed(decision) == {"committed"}
    assert decision.reasons == (
        "git's tree differs from its commit: commit, or override it; overridden by Ada until 2030-12-31 because a demo",
    )
    assert decision.overridden == (replace(decision.checks[1], override=given),)
    assert not decide(dirty, BARS, [overriding("trained")]).promoted
    both = decide(replace(dirty, served_gap=1.0), BARS, [given])
    assert not both.promoted
    assert [check.name for check in both.checks if check.stops] == ["served"]
    assert decide(GOOD, BARS, [given]) == decide(GOOD, BARS)  # what passes needs none
    assert decision_digest(decision) != decision_digest(decide(dirty, BARS, [overriding("committed", who="Bob")]))


def test_no_override_makes_a_smoke_model_pass() -> None:
    never = Override.model_construct(**{**dict(overriding("champion")), "check": "real"})
    assert not decide(replace(GOOD, smoke=True), BARS, [never]).promoted


def test_of_an_override_that_has_ended_the_check_says_so() -> None:
    decision = decide(replace(GOOD, dirty=True), BARS, [], [overriding("committed")])
    assert not decision.promoted
    assert decision.reasons[0].endswith("or override it; the override by Ada has ended on 2030-12-31")


def test_a_champion_that_was_passed_over_is_told() -> None:
    told = changed(has_champion=False, champion=None, passed_over="version 3 stands by an override")
    assert told.promoted
    assert [one.reason for one in told.checks if one.name == "champion"] == ["version 3 stands by an override"]
    beside = next(one for one in changed(passed_over="not 4").checks if one.name == "champion")
    assert beside.reason.endswith("; not 4")


@pytest.mark.parametrize(("high", "promoted"), [(-0.002, True), (math.nextafter(-0.002, -1), False)])
def test_probabilities_are_refused_where_all_of_the_interval_is_beyond_the_margin(high: float, promoted: bool) -> None:
    found = (calibrated(best=Interval(-0.5, -0.6, high)),)
    assert changed(calibration=found).promoted is promoted
    assert decide(replace(GOOD, calibration=found), BARS.model_copy(update={"calibration_margin": None})).promoted


@pytest.mark.parametrize(("gain", "promoted"), [(0.0, True), (math.nextafter(0, -1), False)])
def test_probabilities_are_refused_where_a_constant_is_better(gain: float, promoted: bool) -> None:
    assert changed(calibration=(calibrated(constant=Interval(gain, -1.0, 1.0)),)).promoted is promoted


def test_answers_that_are_no_probabilities_are_asked_nothing_of_them() -> None:
    names = {check.name.split()[0] for check in changed(calibration=()).checks}
    assert changed(calibration=()).promoted
    assert not names & {"calibration", "constant", "limits"}


SLOPE = {**GOOD.metrics, "calibration_slope@3y": Interval(0.49, 0.3, 0.7)}


@pytest.mark.parametrize(
    ("limits", "promoted"), [(None, True), ((0.49, 1.2), True), ((0.5, 1.2), False), ((0.1, 0.48), False)]
)
def test_the_slope_is_told_and_held_to_limits_where_there_are_some(
    limits: tuple[float, float] | None, promoted: bool
) -> None:
    decision = decide(replace(GOOD, metrics=SLOPE), BARS.model_copy(update={"calibration_slope": limits}))
    (told,) = [check.reason for check in decision.checks if check.name == "limits calibration_slope@3y"]
    assert told.startswith("calibration_slope@3y 0.4900 [0.3000, 0.7000]")
    assert decision.promoted is promoted


def test_limits_of_a_figure_that_is_missing_are_not_kept() -> None:
    assert failed(decide(GOOD, BARS.model_copy(update={"calibration_slope": (0.0, 9.0)}))) == {
        "limits calibration_slope"
    }


def test_a_biased_metric_may_lie_outside_its_bootstrap_interval() -> None:
    assert changed(metrics={**GOOD.metrics, "ece": Interval(0.02, 0.03, 0.05)}).promoted


@pytest.mark.parametrize(
    "bar", ["baseline_margin", "champion_margin", "calibration_margin", "max_network_gap", "max_served_gap"]
)
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
    place = draw(st.sampled_from([field.name for field in fields(Evidence) if field.name != "passed_over"]))
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
    if place == "calibration":
        rival = replace(GOOD_CALIBRATION.best or GOOD.baselines[0], difference=draw(bad_intervals()))
        return replace(
            GOOD, calibration=(replace(GOOD_CALIBRATION, **{draw(st.sampled_from(["best", "constant"])): rival}),)
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
