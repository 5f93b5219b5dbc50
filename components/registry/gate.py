"""Gate: may a candidate become champion? Pure, and closed: what is missing or not a number never passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from components.core.files import json_digest
from components.core.params.case import ReleaseParams
from components.core.params.gate_override import SMOKE_CHECK, Override
from components.core.results import Check, Decision, Interval
from components.registry.calibrated import Calibration, calibration_checks
from components.registry.rivals import Rival as Rival
from components.registry.rivals import comparable, figure, finite, finite_interval, margin_of, shown
from components.registry.stated import Stated, stated_checks


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
    `withdrawn` is whether this version was champion and was rolled back. `calibration` is empty for a recipe whose
    answers are no probabilities. `passed_over` tells of champions that stand by an override that has ended: they
    are not `champion`, which is the one before them. Where the primary metric is in units of the data, margins are
    `relative`, shares of the other's figure. `stated` are the shares that answers state, None if not found out.
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
    calibration: tuple[Calibration, ...] | None
    passed_over: str = ""
    relative: bool | None = False
    stated: tuple[Stated, ...] | None = ()


def decide(
    evidence: Evidence, bars: ReleaseParams, overrides: Sequence[Override] = (), ended: Sequence[Override] = ()
) -> Decision:
    """Promote if every check passes, or is overridden by one of `overrides`; each check says its figures.

    Of those that have `ended` a check that fails says who had overridden it, and until when.

    Floors are compared with the metric's value (ceilings for a metric that is better low). Every
    baseline must be beaten by `baseline_margin` in the point estimate: baselines are trained on
    the same rows, and the interval of so small a gain is wider than the gain on most test splits,
    so it is told and not asked for. The champion is held to the reverse: the candidate is taken
    for no worse if the lower bound of its paired difference is at least `-champion_margin`
    (non-inferiority; at the bound itself the two are equal to the margin, which lets an unchanged
    model pass with a margin of zero).
    """
    checks = [_is_real(evidence), _is_committed(evidence), _is_not_withdrawn(evidence)]
    checks += [_is_trained(evidence), _is_scored(evidence)]
    checks += [_reaches(name, floor, evidence) for name, floor in sorted(bars.floors.items())]
    checks += _beats_baselines(evidence, bars)
    checks += [_holds_against_champion(evidence, bars)]
    checks += calibration_checks(evidence.calibration, evidence.metrics, bars)
    checks += stated_checks(evidence.stated, evidence.metrics, bars.stated_margin)
    checks += [_is_exported_as_learned(evidence, bars), _serves_as_measured(evidence, bars)]
    answered = tuple(_with_override(check, overrides, ended) for check in checks)
    return Decision(promoted=not any(check.stops for check in answered), checks=answered)


def _with_override(check: Check, overrides: Sequence[Override], ended: Sequence[Override]) -> Check:
    if check.passed or check.name == SMOKE_CHECK:
        return check
    if given := next((one for one in overrides if one.check == check.name), None):
        return replace(check, override=given)
    if past := next((one for one in ended if one.check == check.name), None):
        return replace(check, reason=f"{check.reason}; the override by {past.who} has ended on {past.day}")
    return check


def decision_digest(decision: Decision) -> str:
    """The same for the same answer on the same figures."""
    checks = [[check.name, check.passed, check.told] for check in decision.checks]
    return json_digest({"promoted": decision.promoted, "checks": checks})


def _is_real(evidence: Evidence) -> Check:
    reasons = {False: "trained on all rows", True: "a smoke model: its figures mean nothing; run without --smoke"}
    return _known(SMOKE_CHECK, evidence.smoke, reasons, "not known whether this is a smoke model")


def _is_committed(evidence: Evidence) -> Check:
    reasons = {False: "git's tree is its commit", True: "git's tree differs from its commit: commit, or override it"}
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
    wrong = sorted(name for name, interval in evidence.metrics.items() if not finite_interval(interval))
    if not isinstance(evidence.relative, bool):
        return Check("scored", False, f"not known whether {evidence.primary} is in units of the data")
    if evidence.primary not in evidence.metrics:
        return Check("scored", False, f"the primary metric {evidence.primary} is missing")
    if wrong:
        return Check("scored", False, f"{len(wrong)} metric(s) are missing or not a number: {', '.join(wrong)}")
    return Check("scored", True, f"{len(evidence.metrics)} metrics, each with its interval")


def _reaches(name: str, floor: float, evidence: Evidence) -> Check:
    check = f"floor {name}"
    interval = evidence.metrics.get(name)
    if not finite_interval(interval):
        return Check(check, False, f"{name} is missing or not a number; the bar is {figure(floor)}")
    low = name in evidence.lower_is_better
    passed = finite(floor) and (interval.value <= floor if low else interval.value >= floor)
    return Check(check, passed, f"{name} {shown(interval)}, {'at most' if low else 'at least'} {figure(floor)}")


def _beats_baselines(evidence: Evidence, bars: ReleaseParams) -> list[Check]:
    if not evidence.baselines:
        return [Check("baseline", False, "no baseline was scored")]
    return [_beats(rival, evidence, bars.baseline_margin) for rival in evidence.baselines]


def _beats(rival: Rival, evidence: Evidence, share: float) -> Check:
    check = f"baseline {rival.name}"
    if rival.difference is None or not comparable(rival):
        return Check(check, False, f"{rival.name} could not be compared: {rival.problem or 'a figure is missing'}")
    margin = margin_of(rival, share, relative=evidence.relative is True)
    passed = finite(margin) and rival.difference.value >= margin
    told = f"{evidence.primary} {shown(rival.difference, '+')} over {rival.name} ({figure(rival.value)})"
    return Check(check, passed, f"{told}, at least {figure(margin, '+')}")


def _holds_against_champion(evidence: Evidence, bars: ReleaseParams) -> Check:
    rival = evidence.champion
    note = f"; {evidence.passed_over}" if evidence.passed_over else ""
    if evidence.has_champion is False and rival is None:
        return Check("champion", True, evidence.passed_over or "there is no champion yet")
    if evidence.has_champion is not True or rival is None:
        return Check("champion", False, "not known whether there is a champion, or how it scores")
    if rival.difference is None or not comparable(rival):
        problem = f"champion {rival.name} cannot be compared: {rival.problem or 'a figure is missing'}"
        return Check("champion", False, f"{problem}{note}")
    margin = margin_of(rival, bars.champion_margin, relative=evidence.relative is True)
    passed = finite(margin) and rival.difference.low >= -margin
    told = f"{evidence.primary} {shown(rival.difference, '+')} over champion {rival.name} ({figure(rival.value)})"
    return Check("champion", passed, f"{told}, lower bound at least {figure(-margin, '+')}{note}")


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
    if not (finite(gap) and finite(most)):
        return Check(name, False, f"{what}: not known how far apart they are; {remedy}")
    return Check(name, 0 <= gap <= most, f"{what}: at most {gap:.2g} apart, allowed {most:.2g}")
