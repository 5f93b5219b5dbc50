"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

from pathlib import Path

import numpy as np

from components.kits.tables.learning.data import Rows
from components.recipes.regression.assembly import settings
from components.recipes.regression.assembly.members import learner_graph, network_scores
from components.recipes.regression.serving.predictor import open_predictor
from components.recipes.regression.training.training import TRAINING, everything
from components.recipes.shared.table_variants import TableVariants


def taught(bundle: Path, rows: Rows, share: float) -> np.ndarray:
    """Targets (N,) on the scale of `Units`: to a share what the whole blend answers, the rest the truth."""
    teacher = open_predictor(bundle)
    soft = teacher.units.learned(teacher.values(rows.encoded))
    return share * soft + (1 - share) * rows.target


VARIANTS = TableVariants(TRAINING, settings, network_scores, learner_graph, taught, everything).makers()
