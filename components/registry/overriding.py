"""Overrides of the gate's checks by which champions stand, as the ledger has them, and those that have ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from components.core.blocks import read_block
from components.core.params.gate_override import Override, in_words
from components.registry.champion import CHAMPION
from components.registry.ledger import Entry, champions, entries_of, promotion_of
from components.tracking.reading.registry import RegisteredModel, Registry

LEDGER = "the ledger in MLflow"


@dataclass(frozen=True)
class Ended:
    """Overrides of a case that have ended, and the version that was promoted by them and is champion still."""

    case: str
    version: str
    overrides: tuple[Override, ...]

    @property
    def line(self) -> str:
        return (
            f"{self.case}: an override has ended, by which version {self.version} still serves: "
            f"{in_words(self.overrides)}; the gate asks again at the next release: `casebook promote {self.case}`"
        )


def ended_overrides(registry: Registry, now: datetime, cases: Iterable[str] | None = None) -> list[Ended]:
    """Of the champions of all cases, or of these, by the names of the cases.

    Raises:
        CasebookError: the registry cannot be reached, or an entry of a ledger was edited.
    """
    models = registry.registered_models()
    names = sorted(models) if cases is None else [name for name in cases if name in models]
    found = [ended_of(name, models[name], now) for name in names]
    return [one for one in found if one is not None]


def ended_of(case: str, model: RegisteredModel, now: datetime) -> Ended | None:
    """Of one case's champion."""
    champion = model.aliases.get(CHAMPION)
    if champion is None or not any('"who"' in text for text in model.tags.values()):  # nothing was ever overridden
        return None
    past = tuple(one for one in overrides_of(entries_of(case, model), champion) if one.ended(now))
    return Ended(case, champion, past) if past else None


def overrides_of(entries: Sequence[Entry], version: str) -> list[Override]:
    """Those by which the version was promoted last."""
    last = promotion_of(entries, version)
    return [] if last is None else [read_block(Override, one, "overrides", LEDGER) for one in last.overrides]


def held_against(entries: Sequence[Entry], rival: str | None, now: datetime) -> tuple[str | None, str]:
    """The champion that a candidate has to hold against in the end, where `rival` is the first of them; and why not it.

    One that stands by an override that has ended shields nobody: the one before it does, and so on.
    """
    line, passed, chosen = champions(entries), [], rival
    while chosen is not None and (past := [one for one in overrides_of(entries, chosen) if one.ended(now)]):
        what = " and ".join(f"{one.check} by {one.who}, which has ended on {one.day}" for one in past)
        passed.append(f"version {chosen} stands by an override of {what}")
        line = line[: line.index(chosen)] if chosen in line else []
        chosen = line[-1] if line else None
    if not passed:
        return chosen, ""
    instead = "no champion is left to hold against" if chosen is None else f"version {chosen} is held against instead"
    return chosen, f"{'; '.join(passed)}: {instead}"
