"""Gate: may a candidate become champion? Pure, and closed: what is missing or not a number never passes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from components.core.files import json_digest
from components.core.params.case import ReleaseParams
from components.core.results import Check, Decision, Interval


@dataclass(frozen=True)
class Rival:
    """Who the candidate is compared with, on the rows that both have scored.

    `value` is the rival's primary metric. `difference` is candidate less rival, turned so that
    more is better, with the bounds of its paired bootstrap interval; None if the rival could
    not be scored, and then `problem` says why.
    """

    name: str
    value: float | None
    difference: Interval | None
    problem: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that the gate may know, as plain values. What was not found out is None, and fails.

    `metrics` are those of the test split, from the answers of the bundle as evaluate judged it. `dirty` is
    whether git's tree differs from its commit, `dvc.lock` aside. `has_champion` says whether the
    registry has one, so that a champion that was not looked at is not taken for none. `network_gap`
    is the largest difference on validation rows between the network and its graph in 32 bits,
    measured when it was exported. `variant` is the one that compress picked, and `served_gap` the
    largest difference on test rows between the registered bundle's answers and those that evaluate judged.
    `cut` tells which fits of the bundle `fit.max_minutes` has ended, nothing where each ended by itself.
    `withdrawn` is whether this version was champion and was rolled back. `waive_champion` lets a champion that
    cannot be scored be replaced, because a person said so.
    """

    primary: str
    lower_is_better: frozenset[str]
    metrics: Mapping[str, Interval | None]
    baselines: tuple[Rival, ...]
    has_champion: bool | None
    champion: Rival | None
    smoke: bool | None
    dirty: bool | None
    network_gap: float | None
    variant: str | None
    served_gap: float | None
    cut: tuple[str, ...] | None
    withdrawn: bool | None
    waive_champion: bool = False


def decide(evidence: Evidence, bars: ReleaseParams) -> Decision:
    """Promote if every check passes; each check says its figures.

    Floors are compared with the metric's value (ceilings for a metric that is better low). Every
    baseline must be beaten by `baseline_margin` in the point estimate: baselines are trained on
    the same rows, and the interval of so small a gain is wider than the gain on most test splits,
    so it is told and not asked for. The champion is held to the reverse: the candidate is taken
    for no worse if the lower bound of its paired difference is at least `-champion_margin`
    (non-inferiority; at the bound itself the two are equal to the margin, which lets an unchanged
    model pass with a margin of zero).
    """
    checks = [_is_real(evidence), _is_committed(evidence, bars), _is_not_withdrawn(evidence)]
    checks += [_is_trained(evidence), _is_scored(evidence)]
    checks += [_reaches(name, floor, evidence) for name, floor in sorted(bars.floors.items())]
    checks += _beats_baselines(evidence, bars)
    checks += [_holds_against_champion(evidence, bars)]
    checks += [_is_exported_as_learned(evidence, bars), _serves_as_measured(evidence, bars)]
    return Decision(promoted=all(check.passed for check in checks), checks=tuple(checks))


def decision_digest(decision: Decision) -> str:
    """The same for the same answer on the same figures."""
    checks = [[check.name, check.passed, check.reason] for check in decision.checks]
    return json_digest({"promoted": decision.promoted, "checks": checks})


def _is_real(evidence: Evidence) -> Check:
    reasons = {False: "trained on all rows", True: "a smoke model: its figures mean nothing; run without --smoke"}
    return _known("real", evidence.smoke, reasons, "not known whether this is a smoke model")


def _is_committed(evidence: Evidence, bars: ReleaseParams) -> Check:
    if evidence.dirty is True and bars.allow_dirty is True:
        return Check("committed", True, "git's tree differs from its commit, allowed by release.allow_dirty")
    reasons = {
        False: "git's tree is its commit",
        True: "git's tree differs from its commit: commit, or set release.allow_dirty",
    }
    return _known("committed", evidence.dirty, reasons, "not known whether git's tree is its commit")


def _is_not_withdrawn(evidence: Evidence) -> Check:
    reasons = {
        False: "never rolled back",
        True: "was champion and was rolled back: `casebook rollback --to` brings it back",
    }
    return _known("not withdrawn", evidence.withdrawn, reasons, "not known whether it was rolled back")


def _is_trained(evidence: Evidence) -> Check:
    """Told and not asked for: whether a model that was cut is good enough, its figures say."""
    if not isinstance(evidence.cut, tuple):
        return Check("trained", False, "not known whether the fit ended by itself; run the fit again")
    return Check("trained", True, "; ".join(evidence.cut) or "each fit ended by itself")


def _known(name: str, flag: bool | None, reasons: dict[bool, str], unknown: str) -> Check:
    """Pass on False alone: neither None nor a truthy stand-in will do."""
    if flag is False:
        return Check(name, True, reasons[False])
    return Check(name, False, reasons[True] if flag is True else unknown)


def _is_scored(evidence: Evidence) -> Check:
    wrong = sorted(name for name, interval in evidence.metrics.items() if not _finite_interval(interval))
    if evidence.primary not in evidence.metrics:
        return Check("scored", False, f"the primary metric {evidence.primary} is missing")
    if wrong:
        return Check("scored", False, f"{len(wrong)} metric(s) are missing or not a number: {', '.join(wrong)}")
    return Check("scored", True, f"{len(evidence.metrics)} metrics, each with its interval")


def _reaches(name: str, floor: float, evidence: Evidence) -> Check:
    check = f"floor {name}"
    interval = evidence.metrics.get(name)
    if not _finite_interval(interval):
        return Check(check, False, f"{name} is missing or not a number; the bar is {_figure(floor)}")
    low = name in evidence.lower_is_better
    passed = _finite(floor) and (interval.value <= floor if low else interval.value >= floor)
    return Check(check, passed, f"{name} {_shown(interval)}, {'at most' if low else 'at least'} {_figure(floor)}")


def _beats_baselines(evidence: Evidence, bars: ReleaseParams) -> list[Check]:
    if not evidence.baselines:
        return [Check("baseline", False, "no baseline was scored")]
    return [_beats(rival, evidence.primary, bars.baseline_margin) for rival in evidence.baselines]


def _beats(rival: Rival, primary: str, margin: float) -> Check:
    check = f"baseline {rival.name}"
    if rival.difference is None or not _comparable(rival):
        return Check(check, False, f"{rival.name} could not be compared: {rival.problem or 'a figure is missing'}")
    passed = _finite(margin) and rival.difference.value >= margin
    shown = f"{primary} {_shown(rival.difference, '+')} over {rival.name} ({_figure(rival.value)})"
    return Check(check, passed, f"{shown}, at least {_figure(margin, '+')}")


def _holds_against_champion(evidence: Evidence, bars: ReleaseParams) -> Check:
    rival = evidence.champion
    if evidence.has_champion is False and rival is None:
        return Check("champion", True, "there is no champion yet")
    if evidence.has_champion is not True or rival is None:
        return Check("champion", False, "not known whether there is a champion, or how it scores")
    if rival.difference is None or not _comparable(rival):
        problem = f"champion {rival.name} cannot be compared: {rival.problem or 'a figure is missing'}"
        waived = evidence.waive_champion is True and rival.difference is None
        return Check("champion", waived, f"{problem}{'; replaced all the same, as told' if waived else ''}")
    passed = _finite(bars.champion_margin) and rival.difference.low >= -bars.champion_margin
    shown = f"{evidence.primary} {_shown(rival.difference, '+')} over champion {rival.name} ({_figure(rival.value)})"
    return Check("champion", passed, f"{shown}, lower bound at least {_figure(-bars.champion_margin, '+')}")


def _is_exported_as_learned(evidence: Evidence, bars: ReleaseParams) -> Check:
    what = "the network and its graph in 32 bits, on validation rows"
    return _within("exported", what, evidence.network_gap, bars.max_network_gap, "run the fit again")


def _serves_as_measured(evidence: Evidence, bars: ReleaseParams) -> Check:
    """A variant that is not that graph, such as one in eight bits, differs from the network by design.

    What it loses by that, compress has bounded when it picked the variant.
    """
    if not isinstance(evidence.variant, str):
        return Check("served", False, "not known which variant is registered")
    what = f"the registered bundle (variant {evidence.variant}) and the answers that evaluate judged, on test rows"
    return _within("served", what, evidence.served_gap, bars.max_served_gap, "run evaluate again")


def _within(name: str, what: str, gap: float | None, most: float, remedy: str) -> Check:
    if not (_finite(gap) and _finite(most)):
        return Check(name, False, f"{what}: not known how far apart they are; {remedy}")
    return Check(name, 0 <= gap <= most, f"{what}: at most {gap:.2g} apart, allowed {most:.2g}")


def _comparable(rival: Rival) -> bool:
    return _finite(rival.value) and _finite_interval(rival.difference)


def _finite_interval(interval: Any) -> TypeGuard[Interval]:
    """Three numbers, the bounds in order; the value of a biased metric such as ECE may lie outside them."""
    if not isinstance(interval, Interval):
        return False
    if not all(_finite(number) for number in (interval.value, interval.low, interval.high)):
        return False
    return interval.low <= interval.high


def _finite(number: Any) -> TypeGuard[float]:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


def _figure(number: float | None, sign: str = "") -> str:
    return "missing" if number is None else f"{number:{sign}.4f}"


def _shown(interval: Interval, sign: str = "") -> str:
    return f"{interval.value:{sign}.4f} [{interval.low:{sign}.4f}, {interval.high:{sign}.4f}]"
