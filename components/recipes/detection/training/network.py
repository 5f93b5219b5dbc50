"""Network and learner of a detector, sized by its data."""

from typing import Any

from components.core.blocks import read_block
from components.recipes.detection.params.params import DetectionJob, ModelParams
from components.recipes.detection.training.cell_detector import CellDetector
from components.recipes.detection.training.data import ImageData
from components.recipes.detection.training.learner import AnswerParams, DetectionLearner, LossParams


def make_learner(
    job: DetectionJob,
    data: ImageData,
    params: ModelParams,
    *,
    kind: type[DetectionLearner] = DetectionLearner,
    **more: Any,
) -> DetectionLearner:
    """A detector of the data's classes, whose boxes start as large as a typical object; `more` is for another `kind`
    of learner.
    """
    sizes = params.network.model_dump(exclude={"channels_last"})
    network = CellDetector(
        channels=data.spec.channels, classes=len(data.spec.classes), reach=params.input.object_pixels / 2, **sizes
    )
    where = f"params.cases.{job.case}.model"
    return kind(
        network,
        job.params.fit,
        loss=read_block(LossParams, params.loss, f"{where}.loss"),
        answers=read_block(AnswerParams, params.answers, f"{where}.answers"),
        channels_last=params.network.channels_last,
        **params.optimizer.model_dump(),
        **more,
    )
