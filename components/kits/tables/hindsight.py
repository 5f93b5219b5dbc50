"""Columns that may be known only after the outcome, or be somebody's judgement of the row: told by figures, not names.

Both make a model look better than it can be when it is asked. A small tree model is scored out of fold with all
columns, and again without some of them:

- *after*: columns without which the error, 1 - AUC, grows many times over, from next to none. What was paid and what is
  left tell together whether a loan is paid back, and neither does alone. Each column is left out, with those that say
  the same; of those that cost much, what costs nothing without the rest is put back: what they are measured by.
- *judgement*: columns that tell the outcome alone as well as the model of all columns does, and better than all others
  together, though the others tell *them*: a grade, a rate or a price is made of the same row, by who knows more.

Of an honest table the strongest column is told by no other, or others add to it, or others stand in for it.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from components.core.results import Table
from components.kits.tables.encoding.spec import FeatureParams
from components.kits.tables.look import Look, deal_folds, sample
from components.kits.tables.questions import Number, Question, SeveralClasses, TwoValues
from components.kits.tables.scored import Scored, explained, make_features

log = logging.getLogger(__name__)

FEWEST_OF_A_CLASS = 30
MOST = 3  # accusations
AUC = "AUC"

# Known afterwards: how many times the error grows, and the loss in standard errors; the question has the least AUC.
ERROR_GROWS = 6.0
SEVERAL_GROW = 3.0  # of columns that say the same, which nobody has searched for
LONGEST, PATH_GROWS = 3, 10.0  # columns that stand in for one another, found by a search: more is asked of them
AFTER_ERRORS = 5.0
STILL = 0.85  # of the error is left: a column that is put back was only what the others are measured by

# A judgement: the share of what is told that others may add to it, the AUC that it must have over the others and that
# is lost without it, the loss in standard errors, its share of the gain, and R² of it by the others.
ADDED, BETTER, LOST, JUDGED_ERRORS, LEAST_GAIN, EXPLAINED = 0.06, 0.02, 0.02, 2.5, 0.1, 0.3

SOMETHING = 0.6  # AUC: a judgement of an outcome that can hardly be told is noise
MOST_SAME = 4  # columns that are one judgement, such as a grade, its parts and its rate
FEWEST_OTHERS = 3  # columns that are left: against fewer there is nothing to be measured by


@dataclass(frozen=True)
class Hindsight:
    """Columns under suspicion, with the AUC, or what is the measure in its place, of a small tree model of all columns,
    and of all but them.
    """

    columns: tuple[str, ...]
    kind: Literal["after", "judgement"]
    auc: float
    without: float
    measure: str = AUC

    def told(self) -> str:
        names = ", ".join(self.columns)
        return (
            f"{names}: a small tree model reaches {self.measure} {self.auc:.3f} with and {self.without:.3f} without; "
            f"{REASONS[self.kind]}. If known when a row is asked about: prepare.known: [{names}]; if not, move to "
            "prepare.ignore"
        )

    def to_json(self) -> dict[str, Any]:
        told = {**asdict(self), "columns": list(self.columns)}
        return {key: value for key, value in told.items() if (key, value) != ("measure", AUC)}


REASONS: Mapping[str, str] = {
    "after": "so near to perfect, they may have been written after the outcome",
    "judgement": "the others tell them, but tell less than they do: they may be somebody's judgement of the row",
}


def find_hindsight(
    typed: pd.DataFrame, target: np.ndarray, spec: FeatureParams, groups: np.ndarray | None = None
) -> list[Hindsight]:
    """Suspects among the typed columns of N rows; `target` (N,) of 0 and 1, `groups` (N,) of rows that stay together.

    At most 5,000 rows are looked at, of both classes alike where one is rare; of few rows nothing is said. Columns
    that are `known` stay in every model and are accused of nothing.
    """
    return find_of(TwoValues(), typed, target, target, spec, groups)  # type: ignore[arg-type]


def find_of_classes(
    typed: pd.DataFrame, target: np.ndarray, spec: FeatureParams, groups: np.ndarray | None = None
) -> list[Hindsight]:
    """The same of classes (N,) from 0; those of few rows are not looked at."""
    counts = np.bincount(target)
    common = np.flatnonzero(counts >= FEWEST_OF_A_CLASS)
    if len(common) < 2:
        return []
    rows = np.flatnonzero(np.isin(target, common))
    own = np.searchsorted(common, target[rows])
    groups = None if groups is None else groups[rows]
    return find_of(SeveralClasses(len(common)), typed.iloc[rows], own, own, spec, groups)  # type: ignore[arg-type]


def find_of_number(
    typed: pd.DataFrame, target: np.ndarray, strata: np.ndarray, spec: FeatureParams, groups: np.ndarray | None = None
) -> list[Hindsight]:
    """The same of numbers (N,), by their ranks; `strata` (N,) are whole numbers, the rows of each alike in theirs."""
    own = np.unique(strata, return_inverse=True)[1]
    return find_of(Number(), typed, pd.Series(target).rank(pct=True).to_numpy(), own, spec, groups)  # type: ignore[arg-type]


def find_of(
    question: Question,
    typed: pd.DataFrame,
    target: np.ndarray,
    strata: np.ndarray,
    spec: FeatureParams,
    groups: np.ndarray | None,
) -> list[Hindsight]:
    """The same of what the question asks, of rows that are drawn of each of the strata (N,) alike."""
    rows = sample(strata)
    if np.bincount(strata[rows], minlength=2).min() < FEWEST_OF_A_CLASS:
        return []
    features = make_features(typed.iloc[rows], spec.columns)
    fold = deal_folds(strata[rows], None if groups is None else groups[rows])
    found: list[Hindsight] = []
    look = Look(features, target[rows], fold, frozenset(spec.known), question)
    while len(found) < MOST and look.features.names and (one := _after(look) or _judgement(look)) is not None:
        found.append(one)
        look = Look(look.features.without(one.columns), look.target, fold, look.known, question)
    return found


def tell_hindsight(suspects: Iterable[Hindsight]) -> None:
    for one in suspects:
        log.warning("%s", one.told())


def hindsight_table(suspects: Sequence[Mapping[str, Any]]) -> Table:
    """The model card's, of `Hindsight.to_json`."""
    measure = next((one.get("measure", AUC) for one in suspects), AUC)
    return Table(
        "Columns that may not be known in time",
        ["columns", f"{measure} with", "without", "why"],
        [[", ".join(one["columns"]), one["auc"], one["without"], REASONS[one["kind"]]] for one in suspects],
        "Of a small tree model on the training rows. Columns under `prepare.known` are not asked about.",
    )


def _after(look: Look) -> Hindsight | None:
    if look.all.auc < look.question.several:
        return None
    perfect = look.all.auc >= look.question.near
    asked = {same for same in look.same.values() if perfect or len(same) > 1}
    asked = {same for same in asked if 2 * len(same) <= len(look.features.names)}
    guilty = {one for one in asked if _costs(look, look.without(one), SEVERAL_GROW)}
    columns = frozenset[str]().union(*guilty)
    columns = columns.union(*(look.same[name] for name in columns if name in look.same))
    least = ERROR_GROWS if perfect else SEVERAL_GROW
    if perfect and not _costs(look, look.confirm(columns), least):
        columns, least = _path(look), PATH_GROWS
    if not columns or not _costs(look, look.confirm(columns), least):
        return None
    fewer = _put_back(look, columns)
    return _accused(look, fewer if _costs(look, look.confirm(fewer), least) else columns, "after")


def _costs(look: Look, without: Scored, least: float) -> bool:
    return len(without.gain) >= FEWEST_OTHERS and look.growth(without) >= least and look.errors(without) >= AFTER_ERRORS


def _path(look: Look) -> frozenset[str]:
    """Columns that stand in for one another: the one of most gain goes, and again, until the error is large."""
    gone: frozenset[str] = frozenset()
    while len(gone) < LONGEST and look.growth(look.without(gone)) < PATH_GROWS:
        gain = look.without(gone).gain
        left = [name for name in gain if name not in look.known and name not in gone]
        if not left:
            break
        gone |= {max(left, key=lambda name: (gain[name], name))}
    return gone


def _put_back(look: Look, columns: frozenset[str]) -> frozenset[str]:
    """Those of the columns that tell something even without the rest; what they are only measured by goes back."""
    error = 1 - look.without(columns).auc
    for name in sorted(columns, key=lambda name: (look.alone([name]).auc, name)):
        fewer = columns - {name}
        if fewer and 1 - look.without(fewer).auc >= STILL * error:
            columns = fewer
    return columns


def _judgement(look: Look) -> Hindsight | None:
    for columns in dict.fromkeys(look.same.values()):
        others = look.features.without(columns)
        if look.all.auc < SOMETHING or len(columns) > MOST_SAME:
            continue
        if sum(look.all.gain[one] for one in columns) < LEAST_GAIN or len(others.names) < FEWEST_OTHERS:
            continue
        alone = look.alone(columns).auc
        if look.all.auc - alone > ADDED * (look.all.auc - 0.5):
            continue
        without = look.confirm(columns)
        if alone - without.auc < BETTER or look.all.auc - without.auc < LOST or look.errors(without) < JUDGED_ERRORS:
            continue
        if max(explained(look.features, one, others, look.fold) for one in columns) >= EXPLAINED:
            return _accused(look, columns, "judgement")
    return None


def _accused(look: Look, columns: frozenset[str], kind: Literal["after", "judgement"]) -> Hindsight:
    in_order = tuple(name for name in look.every if name in columns)
    return Hindsight(in_order, kind, round(look.all.auc, 4), round(look.confirm(columns).auc, 4), look.question.measure)
