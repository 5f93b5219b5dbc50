"""Learning the hazards of several causes in one network."""

import torch
from torch import Tensor

from components.kits.survival.training.learner import HazardLearner


class CausesLearner(HazardLearner):
    """`val/c_index` is of the first cause: whoever had another event never has it (Wolbers et al., 2009)."""

    def ranked(self, logs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        time, cause = target[:, 0], target[:, 1]
        never = torch.where(cause > 1, torch.inf, time)
        return logs[:, 0, 0].exp().sum(dim=1), torch.column_stack([never, cause == 1, target[:, 2:]])
