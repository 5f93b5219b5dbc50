"""One fit of a detector: its images, its learner, what it watches."""

from components.blocks import read_block
from components.cases.medical_cells.network import make_learner
from components.cases.medical_cells.params import PRIMARY, DetectionJob
from components.datamodules.images.augment import AugmentParams
from components.datamodules.images.data import ImageData
from components.learners.detection.learner import DetectionLearner
from components.recipe import Training


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
