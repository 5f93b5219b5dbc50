"""Network and learner of next items, sized by their data."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from components.recipes.next_item.encoding.catalogue import Catalogue
from components.recipes.next_item.params.params import LossParams, ModelParams, NextItemJob
from components.recipes.next_item.training.data import SequenceData
from components.recipes.next_item.training.learner import NextItemLearner
from components.recipes.next_item.training.objectives import GBCE, FullSoftmax, Sampled, SampledSoftmax
from components.recipes.next_item.training.sequence_transformer import SequenceTransformer


def make_learner(job: NextItemJob, data: SequenceData, params: ModelParams) -> NextItemLearner:
    """A learner whose tables are as large as the catalogue and whose output bias starts at its popularity."""
    return NextItemLearner(
        make_network(data, params),
        job.params.fit,
        objective=OBJECTIVES[params.loss.kind](torch.tensor(data.catalogue.counts), params.loss),
        decay=params.loss.decay,
        betas=params.optimizer.betas,
        floor=params.optimizer.floor,
    )


def make_network(data: SequenceData, params: ModelParams) -> SequenceTransformer:
    catalogue = data.catalogue
    codes, sets = item_features(catalogue)
    return SequenceTransformer(
        counts=torch.tensor(catalogue.counts),
        item_codes=codes,
        code_sizes=[feature.size for feature in catalogue.item_features if feature.name in catalogue.item_codes],
        item_sets=sets,
        token_sizes=list(data.tokenizer.sizes.values()),
        user_sizes=[feature.size for feature in catalogue.user_features],
        **params.network.model_dump(),
    )


def item_features(catalogue: Catalogue) -> tuple[Tensor, Tensor]:
    """Codes `(M, C) int64` and multi-hot sets side by side `(M, S) float32`; C and S may be 0."""
    items = len(catalogue.item_ids)
    codes = [codes.astype(np.int64) for codes in catalogue.item_codes.values()]
    sets = list(catalogue.item_sets.values())
    return (
        torch.from_numpy(np.stack(codes, axis=1) if codes else np.zeros((items, 0), np.int64)),
        torch.from_numpy(np.concatenate(sets, axis=1) if sets else np.zeros((items, 0), np.float32)),
    )


OBJECTIVES: dict[str, Callable[[Tensor, LossParams], FullSoftmax | Sampled]] = {
    "full": lambda _counts, _params: FullSoftmax(),
    "sampled": lambda counts, params: SampledSoftmax(counts, negatives=params.negatives, power=params.power),
    "gbce": lambda counts, params: GBCE(counts, negatives=params.negatives, calibration=params.calibration),
}
