"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

from collections.abc import Mapping

from components.core.parts import Maker
from components.core.results import LEARNER
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.pool import Recalibration
from components.kits.survival.training.data import CohortData, soft_outcome
from components.recipes.shared.cohort_variants import CohortVariants
from components.recipes.survival.assembly.assembly import ASSEMBLING, Blend
from components.recipes.survival.serving.predictor import SurvivalPredictor, open_predictor


def soft(data: CohortData, teacher: SurvivalPredictor, share: float) -> CohortData:
    """Training rows whose outcome is to a `share` what the teacher expects."""
    train = data.parts[0]
    cumulative = curves.at(data.edges, teacher.times, teacher.cumulative(train.encoded))
    return data.taught(*soft_outcome(cumulative), share=share)


def alone(teacher: SurvivalPredictor) -> Blend:
    return Blend({LEARNER: 1.0}, Recalibration(0.0, 1.0), teacher.settings.threshold)


VARIANTS: Mapping[str, Maker] = CohortVariants(ASSEMBLING, open_predictor, soft, alone).makers()
