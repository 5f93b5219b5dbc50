"""One fit of a detector: its images, its learner, what it watches."""

from components.core.blocks import read_block
from components.core.parts import Training
from components.recipes.detection.params.params import PRIMARY, DetectionJob
from components.recipes.detection.training.augment import AugmentParams
from components.recipes.detection.training.data import ImageData
from components.recipes.detection.training.learner import DetectionLearner
from components.recipes.detection.training.network import make_learner


def make_data(job: DetectionJob, *, whole: bool) -> ImageData:
    """The training images, or with `whole` those of the validation too."""
    augment = read_block(AugmentParams, job.model.augment, f"params.cases.{job.case}.model.augment")
    prepared, sizes = job.paths.prepared(job.case), job.model.input.model_dump()
    return ImageData(prepared, job.params.fit, augment, **sizes, whole=whole)


def data_of(job: DetectionJob) -> ImageData:
    return make_data(job, whole=False)


def everything(job: DetectionJob) -> ImageData:
    return make_data(job, whole=True)


def learner_of(job: DetectionJob, data: ImageData) -> DetectionLearner:
    return make_learner(job, data, job.model)


TRAINING = Training(data_of, learner_of, monitor=f"val/{PRIMARY}", mode="max")
