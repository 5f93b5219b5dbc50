"""The same metrics for parts of the clauses and of the characters: by length, rarity, readings, candidates."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from components.contracts import Interval, Metric
from components.errors import CasebookError
from components.evaluation.bootstrap import Counted, Resampling, interval, intervals
from components.evaluation.text.rows import share

READINGS = ("one reading", "two readings", "three and more", "no reading known")
SEEN = ("not in training", "in training word for word")


@dataclass(frozen=True)
class Slice:
    """One group, of clauses or of characters. With fewer than the stated minimum it is not `sufficient`, and has
    no metrics.
    """

    name: str
    clauses: int
    characters: int
    sufficient: bool
    metrics: dict[str, Interval]


def clause_slices(
    metrics: Mapping[str, Metric],
    target: np.ndarray,
    score: np.ndarray,
    groups: pd.Categorical,
    *,
    minimum: int,
    resampling: Resampling,
) -> list[Slice]:
    """Metrics of each group (N,) that has clauses, in the groups' order; `minimum` counts clauses."""
    if len(groups) != len(target):
        raise CasebookError(f"slices: groups of {len(groups)} clauses, answers of {len(target)}: give the same")
    lengths, found = np.array([len(text) for text in target]), []
    for name, inside in _members(groups):
        clauses = int(inside.sum())
        sufficient = clauses >= minimum
        values = intervals(metrics, target[inside], score[inside], resampling=resampling) if sufficient else {}
        found.append(Slice(name, clauses, int(lengths[inside].sum()), sufficient, values))
    return found


def character_slices(
    table: pd.DataFrame, groups: pd.Categorical, *, minimum: int, resampling: Resampling
) -> list[Slice]:
    """`char_accuracy` of each group (C,) of the rows of `confusions.character_table`; `minimum` counts characters.

    Characters of a clause are not independent: clauses are resampled, those that have one of the group.
    """
    if len(groups) != len(table):
        raise CasebookError(f"slices: groups of {len(groups)} characters, answers of {len(table)}: give the same")
    found = []
    for name, inside in _members(groups):
        part = table[inside].groupby("clause")["right"].agg(["sum", "count"]).to_numpy(dtype=np.float64)
        sufficient = int(inside.sum()) >= minimum
        value = {"char_accuracy": interval(SHARE, part[:, 1], part[:, 0], resampling=resampling)} if sufficient else {}
        found.append(Slice(name, len(part), int(inside.sum()), sufficient, value))
    return found


def length_groups(target: np.ndarray, edges: Sequence[int]) -> pd.Categorical:
    """The band (N,) of each clause's number of characters; a band holds its lower edge: "4 to 7"."""
    return _bands("clause length", np.array([len(text) for text in target]), edges)


def seen_groups(target: np.ndarray, training: Collection[str]) -> pd.Categorical:
    """Whether each clause (N,) occurs in training as it is: what was learned by heart measures nothing else."""
    known = set(training)
    return _named(np.array([int(text in known) for text in target]), SEEN)


def rarity_groups(table: pd.DataFrame, training: Mapping[str, int], edges: Sequence[int]) -> pd.Categorical:
    """The band (C,) of each reference character's count in training; what is not in `training` counts 0."""
    counts = Counter(training)
    return _bands("training count", np.array([counts[character] for character in table["reference"]]), edges)


def heteronym_groups(table: pd.DataFrame, pairs: Mapping[str, str]) -> pd.Categorical:
    """How many syllables each reference character (C,) is legal for; `pairs` maps a syllable to its characters.

    A character with no reading known could not have been answered.
    """
    readings = Counter(character for characters in pairs.values() for character in set(characters))
    found = np.array([readings[character] for character in table["reference"]])
    return _named(np.where(found == 0, 3, np.minimum(found, 3) - 1), READINGS)


def candidate_groups(table: pd.DataFrame, pairs: Mapping[str, str], edges: Sequence[int]) -> pd.Categorical:
    """The band (C,) of how many characters each syllable can be; one that is not in `pairs` can be none."""
    counts = Counter({syllable: len(set(characters)) for syllable, characters in pairs.items()})
    return _bands("candidates", np.array([counts[syllable] for syllable in table["syllable"]]), edges)


def _bands(what: str, values: np.ndarray, edges: Sequence[int]) -> pd.Categorical:
    if not edges or edges[0] < 1 or (np.diff(edges) < 1).any():
        raise CasebookError(f"{what}: edges {list(edges)} must be whole numbers that rise, from 1")
    names = ["0"] if edges[0] == 1 else [f"under {edges[0]:,}"]
    names += [f"{low:,} to {high - 1:,}" if high - 1 > low else f"{low:,}" for low, high in pairwise(edges)]
    return _named(np.searchsorted(edges, values, side="right"), [*names, f"{edges[-1]:,} and more"])


def _named(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    return pd.Categorical(np.array(names, dtype=object)[codes], categories=list(names), ordered=True)


def _members(groups: pd.Categorical) -> list[tuple[str, np.ndarray]]:
    inside = [(str(name), np.asarray(groups.codes == code)) for code, name in enumerate(groups.categories)]
    return [(name, part) for name, part in inside if part.any()]


def _share_of(characters: np.ndarray, right: np.ndarray, /) -> float:
    return float(share(np.array([[right.sum(), characters.sum()]]))[0])


def _share_over_counts(characters: np.ndarray, right: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return share(counts @ np.column_stack([right, characters]))


SHARE = Counted(_share_of, _share_over_counts)
