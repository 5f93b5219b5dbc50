"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

from pathlib import Path

import numpy as np

from components.kits.tables.learning.data import Rows
from components.recipes.binary.assembly import settings
from components.recipes.binary.assembly.members import learner_graph, network_scores
from components.recipes.binary.serving.predictor import open_predictor
from components.recipes.binary.training.training import TRAINING
from components.recipes.shared.table_variants import TableVariants


def taught(bundle: Path, rows: Rows, share: float) -> np.ndarray:
    """Probabilities (N,): to a share the whole blend's, the rest the truth."""
    soft = open_predictor(bundle).probabilities(rows.encoded)
    return share * soft + (1 - share) * rows.target


VARIANTS = TableVariants(TRAINING, settings, network_scores, learner_graph, taught).makers()
