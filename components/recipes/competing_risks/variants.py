"""Smaller ways to serve a fitted model: quantized, pruned, distilled."""

from collections.abc import Mapping

from components.core.parts import Maker
from components.core.results import LEARNER
from components.kits.survival.metrics import curves
from components.kits.survival.metrics.pool import Recalibration
from components.kits.survival.training.data import CohortData
from components.recipes.competing_risks.assembly.assembly import ASSEMBLING, Blend
from components.recipes.competing_risks.serving.predictor import CausesPredictor, open_predictor
from components.recipes.competing_risks.training.soft import soft_causes
from components.recipes.shared.cohort_variants import CohortVariants


def soft(data: CohortData, teacher: CausesPredictor, share: float) -> CohortData:
    """Training rows whose outcome is to a `share` what the teacher expects."""
    cumulative = curves.at(data.edges, teacher.times, teacher.cumulative(data.parts[0].encoded))
    return data.taught(*soft_causes(cumulative), share=share)


def alone(teacher: CausesPredictor) -> Blend:
    causes = len(teacher.settings.causes)
    return Blend({LEARNER: (1.0,) * causes}, [Recalibration(0.0, 1.0)] * causes, teacher.settings.threshold)


VARIANTS: Mapping[str, Maker] = CohortVariants(ASSEMBLING, open_predictor, soft, alone).makers()
