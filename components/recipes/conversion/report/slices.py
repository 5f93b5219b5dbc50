"""The same metrics for parts of the clauses and of the characters: by length, rarity, readings, candidates."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from components.core.parts import Metric
from components.evaluation.bootstrap import Resampling
from components.evaluation.slices import Slice, bands, named, share_slices, slices

READINGS = ("one reading", "two readings", "three and more", "no reading known")
SEEN = ("not in training", "in training word for word")


def clause_slices(
    metrics: Mapping[str, Metric],
    target: np.ndarray,
    score: np.ndarray,
    groups: pd.Categorical,
    *,
    minimum: int,
    resampling: Resampling,
) -> list[Slice]:
    """Metrics of each group (N,) of clauses; `minimum` counts clauses."""
    sizes = {"characters": np.array([len(text) for text in target])}
    return slices(
        metrics, target, score, groups, counted="clauses", minimum=minimum, resampling=resampling, sizes=sizes
    )


def character_slices(
    table: pd.DataFrame, groups: pd.Categorical, *, minimum: int, resampling: Resampling
) -> list[Slice]:
    """`char_accuracy` of each group (C,) of the rows of `confusions.character_table`; `minimum` counts characters."""
    return share_slices(
        "char_accuracy",
        table["right"].to_numpy(),
        table["clause"].to_numpy(),
        groups,
        counted=("clauses", "characters"),
        minimum=minimum,
        fewest_units=1,
        resampling=resampling,
    )


def length_groups(target: np.ndarray, edges: Sequence[int]) -> pd.Categorical:
    """The band (N,) of each clause's number of characters; a band holds its lower edge: "4 to 7"."""
    return bands("clause length", np.array([len(text) for text in target]), edges)


def seen_groups(target: np.ndarray, training: Collection[str]) -> pd.Categorical:
    """Whether each clause (N,) occurs in training as it is: what was learned by heart measures nothing else."""
    known = set(training)
    return named(np.array([int(text in known) for text in target]), SEEN)


def rarity_groups(table: pd.DataFrame, training: Mapping[str, int], edges: Sequence[int]) -> pd.Categorical:
    """The band (C,) of each reference character's count in training; what is not in `training` counts 0."""
    counts = Counter(training)
    return bands("training count", np.array([counts[character] for character in table["reference"]]), edges)


def heteronym_groups(table: pd.DataFrame, pairs: Mapping[str, str]) -> pd.Categorical:
    """How many syllables each reference character (C,) is legal for; `pairs` maps a syllable to its characters.

    A character with no reading known could not have been answered.
    """
    readings = Counter(character for characters in pairs.values() for character in set(characters))
    found = np.array([readings[character] for character in table["reference"]])
    return named(np.where(found == 0, 3, np.minimum(found, 3) - 1), READINGS)


def candidate_groups(table: pd.DataFrame, pairs: Mapping[str, str], edges: Sequence[int]) -> pd.Categorical:
    """The band (C,) of how many characters each syllable can be; one that is not in `pairs` can be none."""
    counts = Counter({syllable: len(set(characters)) for syllable, characters in pairs.items()})
    return bands("candidates", np.array([counts[syllable] for syllable in table["syllable"]]), edges)
