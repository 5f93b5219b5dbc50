"""The first sentences of a card: what the model predicts, how well, beside whom, and whether it was promoted."""

from components.core.job import TEST
from components.core.markdown import escaped
from components.core.params.gate_override import in_words
from components.core.results import MODEL, Interval
from components.core.words import spoken
from components.core.written import written, written_interval
from components.evaluation.tables import shown
from components.registry.facts import CardFacts


def headline(facts: CardFacts) -> list[str]:
    """A sentence or two each; what is not known is not said."""
    predicts = f"It predicts {facts.predicts}." if facts.predicts else ""
    cut = "; ".join(facts.cut)
    told = f"**Training was cut short**: {cut}. More minutes may give better figures." if cut else ""
    return [part for part in (predicts, _served(facts), _beside(facts), told, _gate(facts)) if part]


def primary_name(facts: CardFacts) -> str:
    """Of the primary metric, as people say it, with its name in reports."""
    name = spoken(facts.metrics, facts.primary)
    return f"`{facts.primary}`" if name == facts.primary else f"{name} (`{facts.primary}`)"


def _served(facts: CardFacts) -> str:
    value = _primary(facts, MODEL)
    if value is None:
        return ""
    low = ", where lower is better" if facts.primary in facts.lower_is_better else ""
    rows = f"{facts.rows[TEST]:,} test {facts.units}"
    return f"{_capital(primary_name(facts))} of what is served: **{shown(value, '')}** on {rows}{low}."


def _beside(facts: CardFacts) -> str:
    """The best baseline, and by how much the served model is ahead of it or behind."""
    served, best = _primary(facts, MODEL), facts.best_baseline
    if served is None or best is None or (baseline := _primary(facts, best)) is None:
        return ""
    turn = -1.0 if facts.primary in facts.lower_is_better else 1.0
    difference = facts.differences.get(best)
    gain = turn * (served.value - baseline.value) if difference is None else difference.value
    side = "level with it" if round(gain, 4) == 0 else f"{written(abs(gain))} {'ahead' if gain > 0 else 'behind'}"
    paired = "" if difference is None else f" (paired difference {signed(difference)})"
    unsure = difference is not None and difference.low <= 0 <= difference.high
    doubt = ": these rows do not tell the two apart" if unsure else ""
    name = spoken(facts.baselines, best)
    return f"The best baseline, {name}, has {written(baseline.value)}; what is served is {side}{paired}{doubt}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text[1:2].islower() else text  # not mAP


def signed(one: Interval) -> str:
    return written_interval(one.value, one.low, one.high, "+")


def _gate(facts: CardFacts) -> str:
    if facts.decision is None:
        return ""
    if not facts.decision.promoted:
        return f"**Not promoted**: {'; '.join(facts.decision.reasons)}."
    said = "**Promoted to champion.**" if facts.registered else "It passes the gate; an experiment registers nothing."
    overridden = in_words(one.override for one in facts.decision.overridden if one.override is not None)
    return f"{said} **By an override** of what failed: {escaped(overridden)}." if overridden else said


def _primary(facts: CardFacts, who: str) -> Interval | None:
    test = next((one.by_model for one in facts.scores if one.split == TEST), {})
    return test.get(who, {}).get(facts.primary)
