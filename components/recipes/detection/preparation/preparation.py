"""Raw folders of images with boxes, or a simulator, to prepared splits."""

from components.core.job import Meta
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.preparation.prepare import prepare_images
from components.recipes.detection.preparation.simulate.prepare import prepare_simulated


def prepare(job: DetectionJob) -> Meta:
    """As the form says that the images are in; see `prepare_images` and `prepare_simulated`."""
    return prepare_simulated(job) if job.prepare.form == "simulated" else prepare_images(job)
