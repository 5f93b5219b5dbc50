"""Columns that tell by themselves which rows end with the event: a status, a cause, a date of death, a note."""

import re

import numpy as np
import pandas as pd

from components.kits.survival.preparation.leaks.found import Leak
from components.kits.survival.preparation.leaks.order import CLASSES, follows
from components.kits.tables.suspects import leak_auc, rank_auc

FEWEST = 10  # rows with the event, and without it: of fewer, chance separates them too often
SURE, LIKELY = (
    0.99,
    0.95,
)  # AUC; an honest predictor whose concordance is .85 tells the event with about .9
ENTRY = 0.9  # gamma among censored rows
TOKEN = re.compile(r"[^\W\d_]+")
RARE = 5  # rows with a word: of fewer it may name a row
MOST_WORDS = 500
LAST, MANY, SELDOM = 0.01, 0.1, 0.1  # the last days of the span, the rows that have them, and of their events as many
# Of a class whose rows all have the event: so many of the others' kind would have been censored by then.
UNCENSORED, LARGE = 15.0, 0.3


def tells_event(name: str, values: pd.Series, kind: str, event: np.ndarray, time: np.ndarray) -> Leak | None:
    """Whether a typed column (N,) tells events (N,) of 0 and 1; `time` (N,) as what follows."""
    if min(event.sum(), len(event) - event.sum()) < FEWEST:
        return None
    auc = leak_auc(values, kind, event)
    # Where nobody is censored but who came last, a date of entry tells the event as well.
    sure = auc >= SURE and (kind != "date" or leak_auc(values.notna(), "boolean", event) >= SURE)
    if sure or (auc >= LIKELY and not _of_entry(values, kind, event, time)):
        return Leak((name,), sure, f"it tells the event by itself (AUC {auc:.3f})")
    if kind in CLASSES and (found := _tells_in_words(values, event)) is not None:
        auc, word, rows = found
        why = f"its words tell the event (AUC {auc:.3f}), such as {word!r}, which is in {rows}"
        return Leak((name,), auc >= SURE, why)
    return _only_with_event(name, values, kind, event, time) or _last_days(name, values, kind, event)


def _of_entry(values: pd.Series, kind: str, event: np.ndarray, time: np.ndarray) -> bool:
    """Whether a column is of when rows entered, as a date or who was in office then: where all are followed up to one
    day, it orders the times of censored rows, and who came late is seldom seen to have the event.
    """
    censored = event == 0
    return follows(values[censored], kind, time[censored]) >= ENTRY


def words_auc(values: pd.Series, event: np.ndarray) -> tuple[float, str, str] | None:
    """Mean AUC of two halves of the rows, each scored by the words' odds in the other (naive Bayes); the word that
    tells most, and in which rows it is. None where no word stands in several rows, or each cell is one word.
    """
    known = [frozenset(TOKEN.findall(text.lower())) for text in values.fillna("").astype(str)]
    counts = pd.Series([word for words in known for word in words]).value_counts()
    words = list(counts[counts >= RARE].index[:MOST_WORDS])
    if not words or max(map(len, known)) < 2:
        return None
    table = np.array([[word in one for word in words] for one in known], dtype=np.float64)
    order = np.random.default_rng(0).permutation(len(event))
    order = order[np.argsort(event[order], kind="stable")]  # both in both halves
    halves, aucs = (order[::2], order[1::2]), []
    for scored, learned in (halves, halves[::-1]):
        odds = _odds(table[learned], event[learned])
        aucs.append(rank_auc(table[scored] @ odds, event[scored]))
    best = int(np.abs(_odds(table, event)).argmax())
    among = [int(table[event == label, best].sum()) for label in (1, 0)]
    where = f"{among[0]} row(s) with the event and {among[1]} without"
    return float(np.mean(aucs)), words[best], where


def _tells_in_words(values: pd.Series, event: np.ndarray) -> tuple[float, str, str] | None:
    found = words_auc(values, event)
    return None if found is None or found[0] < LIKELY else found


def _odds(table: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Log odds ratio of each word (W,), a half added to each count."""
    inside = [(table[event == label].sum(axis=0) + 0.5) for label in (1, 0)]
    outside = [(event == label).sum() + 1.0 for label in (1, 0)]
    ones, others = inside[0] / outside[0], inside[1] / outside[1]
    return np.asarray(np.log(ones / (1 - ones)) - np.log(others / (1 - others)))


def _only_with_event(name: str, values: pd.Series, kind: str, event: np.ndarray, time: np.ndarray) -> Leak | None:
    """A class of which all rows have the event although they were observed for long enough to be censored: a cause of
    death, known of some of the dead. Those who are at high risk have the event early, before they could be.
    """
    classes = {"a value": values.notna()}
    if kind in ("categorical", "band", "boolean"):
        classes |= {repr(str(value)): values == value for value in values.dropna().unique()[:MOST_WORDS]}
    expected = _censoring_by(time, event)
    for what, rows in classes.items():
        own = rows.fillna(False).to_numpy(dtype=bool)
        share = event[own].sum() / event.sum()
        if own.any() and event[own].all() and share >= LARGE and expected[own].sum() >= UNCENSORED:
            return Leak(
                (name,),
                False,
                f"all {own.sum()} rows with {what} in it end with the event, where about {expected[own].sum():.0f} of "
                "them would have been censored by then",
            )
    return None


def _last_days(name: str, values: pd.Series, kind: str, event: np.ndarray) -> Leak | None:
    """A date whose last ones stand in many rows, next to all of them censored: the day of the last look at all."""
    if kind != "date" or not values.notna().any():
        return None
    span = values.max() - values.min()
    own = (values >= values.max() - LAST * span).to_numpy(dtype=bool)
    expected = event.mean() * own.sum()
    if own.mean() < MANY or expected < FEWEST or event[own].sum() > SELDOM * expected:
        return None
    return Leak(
        (name,),
        False,
        f"{own.sum()} rows have one of its last days, up to {values.max():%Y-%m-%d}, and {event[own].sum()} of them "
        "the event: it may be when they were last seen",
    )


def _censoring_by(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """The cumulative hazard of being censored (Nelson and Aalen) until each row's own time, its own end left out."""
    order = np.argsort(time, kind="stable")
    at_risk = np.arange(len(time), 0, -1)
    hazard = np.cumsum((event[order] == 0) / at_risk)
    before = np.searchsorted(time[order], time, side="left")
    return np.asarray(np.concatenate([[0.0], hazard])[before])
