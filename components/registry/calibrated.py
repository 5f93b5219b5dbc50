"""Checks of the gate on probabilities: against the best baseline, against a constant, and within limits."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.core.params.case import ReleaseParams
from components.core.results import Check, Interval
from components.registry.rivals import Rival, comparable, figure, finite, finite_interval, shown

CALIBRATION_SLOPE, CALIBRATION_INTERCEPT = "calibration_slope", "calibration_intercept"  # metrics; best 1 and 0


@dataclass(frozen=True)
class Calibration:
    """How good probabilities are by `metric`, a proper score such as the log loss.

    `best` is the baseline that is best by it, `constant` who answers each row with what is so of the training rows as
    a whole; None if there is none.
    """

    metric: str
    best: Rival | None
    constant: Rival | None


def calibration_checks(
    calibration: tuple[Calibration, ...] | None, metrics: Mapping[str, Interval | None], bars: ReleaseParams
) -> list[Check]:
    """Ranking says nothing of how far off the probabilities are, nor do the floors of most cases."""
    if not isinstance(calibration, tuple):
        return [Check("calibration", False, "not known how good the probabilities are; run evaluate again")]
    if not calibration:
        return []
    limits = {CALIBRATION_SLOPE: bars.calibration_slope, CALIBRATION_INTERCEPT: bars.calibration_intercept}
    checks = [_not_far_from_best(one, bars.calibration_margin) for one in calibration]
    checks += [_no_worse_than_constant(one) for one in calibration]
    return checks + [check for name, within in limits.items() for check in _limited(name, within, metrics)]


def _not_far_from_best(one: Calibration, margin: float | None) -> Check:
    """Refused only where all of the interval is beyond the margin: probabilities of small tests are not told apart."""
    check, rival = f"calibration {one.metric}", one.best
    if rival is None or rival.difference is None or not comparable(rival):
        problem = "no baseline has this figure" if rival is None else rival.problem or "a figure is missing"
        return Check(check, False, f"{one.metric} could not be compared: {problem}")
    gain = f"{one.metric}: gain {shown(rival.difference, '+')}"
    told = f"{gain} over {rival.name} ({figure(rival.value)}), the best baseline by it"
    if margin is None:
        return Check(check, True, f"{told}; told only: release.calibration_margin is null")
    passed = finite(margin) and rival.difference.high >= -margin
    return Check(check, passed, f"{told}, upper bound at least {figure(-margin)}")


def _no_worse_than_constant(one: Calibration) -> Check:
    check, rival = f"constant {one.metric}", one.constant
    if rival is None or rival.difference is None or not comparable(rival):
        problem = "there is none" if rival is None else rival.problem or "a figure is missing"
        return Check(check, False, f"{one.metric} could not be compared with that of a constant: {problem}")
    told = f"{one.metric}: gain {shown(rival.difference, '+')} over a constant ({figure(rival.value)})"
    return Check(check, rival.difference.value >= 0, f"{told}, at least 0")


def _limited(name: str, within: tuple[float, float] | None, metrics: Mapping[str, Interval | None]) -> list[Check]:
    """Of each metric of that name, at a time such as `@3y` too."""
    found = {metric: one for metric, one in metrics.items() if metric.partition("@")[0] == name}
    if not found:
        return [] if within is None else [Check(f"limits {name}", False, f"{name} is missing")]
    return [_in_limits(metric, found[metric], within) for metric in sorted(found)]


def _in_limits(metric: str, interval: Interval | None, within: tuple[float, float] | None) -> Check:
    check = f"limits {metric}"
    told = f"{metric} {shown(interval)}" if finite_interval(interval) else f"{metric} is no number"
    if within is None:
        return Check(check, True, f"{told}; told only: no limits are set")
    low, high = within
    passed = finite_interval(interval) and low <= interval.value <= high
    return Check(check, passed, f"{told}, from {figure(low)} to {figure(high)}")
