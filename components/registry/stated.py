"""Checks of the gate on shares that answers state themselves, such as that of targets within their interval."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.core.results import Check, Interval
from components.registry.rivals import figure, finite, finite_interval, shown


@dataclass(frozen=True)
class Stated:
    """The `share` that answers state, which `metric` measures on the test rows."""

    metric: str
    share: float


def stated_checks(
    stated: tuple[Stated, ...] | None, metrics: Mapping[str, Interval | None], margin: float | None
) -> list[Check]:
    """An interval that holds what it says serves nobody worse than a wide one, and one that does not is wrong."""
    if not isinstance(stated, tuple):
        return [Check("stated", False, "not known which share the answers state; run the fit again")]
    return [_held(one, metrics.get(one.metric), margin) for one in stated]


def _held(one: Stated, measured: Interval | None, margin: float | None) -> Check:
    """Refused only where all of the measured interval is off by more than the margin, below or above."""
    check = f"stated {one.metric}"
    if not finite_interval(measured) or not finite(one.share):
        return Check(check, False, f"{one.metric} is missing or not a number; {figure(one.share)} is stated")
    told = f"{one.metric} {shown(measured)}, stated {figure(one.share)}"
    if margin is None:
        return Check(check, True, f"{told}; told only: release.stated_margin is null")
    passed = finite(margin) and measured.high >= one.share - margin and measured.low <= one.share + margin
    return Check(check, passed, f"{told}, at most {figure(margin)} apart by all of the interval")
