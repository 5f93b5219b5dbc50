"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

from pathlib import Path

import numpy as np

from components.kits.tables.learning.data import Rows
from components.recipes.multiclass.assembly import settings
from components.recipes.multiclass.assembly.members import learner_graph, network_scores
from components.recipes.multiclass.metrics.rows import one_hot
from components.recipes.multiclass.serving.predictor import open_predictor
from components.recipes.multiclass.training.training import TRAINING, everything
from components.recipes.shared.table_variants import TableVariants


def taught(bundle: Path, rows: Rows, share: float) -> np.ndarray:
    """Probabilities (N, C): to a share the whole blend's, the rest the truth."""
    soft = open_predictor(bundle).probabilities(rows.encoded)
    return share * soft + (1 - share) * one_hot(rows.target, soft.shape[1])


VARIANTS = TableVariants(TRAINING, settings, network_scores, learner_graph, taught, everything).makers()
