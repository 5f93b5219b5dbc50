"""Data of a fit and its learner, sized by that data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from components.recipes.conversion.encoding.syllables import VOWELS
from components.recipes.conversion.encoding.windows import WINDOWS
from components.recipes.conversion.params.params import ConversionJob
from components.recipes.conversion.training.data import SyllableData
from components.recipes.conversion.training.learner import SyllableLearner
from components.recipes.conversion.training.syllable_labeller import SyllableLabeller

if TYPE_CHECKING:
    from components.recipes.conversion.params.params import ModelParams


def make_data(job: ConversionJob, params: "ModelParams", *, whole: bool = False) -> SyllableData:
    """The training clauses, or with `whole` those of the validation too."""
    prepared, fit = job.paths.prepared(job.case), job.params.fit
    return SyllableData(prepared, fit, params.windows, lexicon=params.lexicon, whole=whole)


def make_learner(job: ConversionJob, data: SyllableData, params: "ModelParams") -> SyllableLearner:
    """A learner whose tables are those of the data's syllables, legal pairs and known n-grams."""
    averaging = params.averaging
    return SyllableLearner(
        make_network(data, params),
        job.params.fit,
        **params.optimizer.model_dump(),
        decay=averaging.decay,
        every=averaging.every,
    )


def make_network(data: SyllableData, params: "ModelParams") -> SyllableLabeller:
    syllables, pairs = data.meta.data["syllables"], data.meta.data["pairs"]
    initials, finals = sounds(syllables)
    candidates = candidate_table([len(pairs[one]) for one in syllables])
    return SyllableLabeller(
        initials=initials,
        finals=finals,
        candidates=candidates,
        counts=pair_counts(data, candidates),
        window_counts=window_counts(data),
        windows=len(WINDOWS),
        **params.network.model_dump(),
    )


def sounds(syllables: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Numbers `(S + 1,)`, from 1, of the initials and of the finals; 0 for what is no syllable."""
    split = [next((place for place, one in enumerate(text) if one in VOWELS), len(text)) for text in syllables]
    parts = ([one[:at] for one, at in zip(syllables, split, strict=True)],
             [one[at:] for one, at in zip(syllables, split, strict=True)])  # fmt: skip
    initials, finals = (torch.from_numpy(1 + np.unique(part, return_inverse=True)[1]) for part in parts)
    nothing = torch.zeros(1, dtype=torch.long)
    return torch.cat([nothing, initials]), torch.cat([nothing, finals])


def candidate_table(counts: Sequence[int]) -> Tensor:
    """`(S + 1, C)`: pairs are numbered in the order of syllables and candidates; -1 past a syllable's last."""
    table = torch.full((len(counts) + 1, max(counts)), -1)
    first = 0
    for syllable, count in enumerate(counts, start=1):
        table[syllable, :count] = torch.arange(first, first + count)
        first += count
    return table


def pair_counts(data: SyllableData, candidates: Tensor) -> Tensor:
    """`(P,)`, in what is trained on."""
    clauses = data.clauses
    legal = clauses.target >= 0
    pairs = candidates.numpy()[clauses.syllable[legal], clauses.target[legal]]
    return torch.from_numpy(np.bincount(pairs, minlength=int(candidates.max()) + 1))


def window_counts(data: SyllableData) -> Tensor:
    """`(K + 1,)`, in what is trained on: where no edge is near, an n-gram stands in as many windows of its order."""
    rows = len(data.windows.keys) + 1
    counts = np.max([np.bincount(column, minlength=rows) for column in data.window_ids.T], axis=0)
    counts[0] = 1  # what is unknown is so for ever
    return torch.from_numpy(counts)
