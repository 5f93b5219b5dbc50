"""Images of cells: raw folders of images with boxes, or a simulator, to prepared splits."""

from pathlib import Path

from components.core.job import Meta
from components.core.params.case import CaseParams
from components.recipes.detection.params.params import DetectionJob
from components.recipes.detection.preparation.prepare import prepare_images
from components.recipes.detection.preparation.simulate.prepare import prepare_simulated


def prepare(job: DetectionJob) -> Meta:
    return prepare_into(job.paths.raw(job.case), job.paths.prepared(job.case), job.case, job.params)


def prepare_into(raw: Path, out: Path, case: str, params: CaseParams) -> Meta:
    """The form of the params says how; see `prepare_images` and `prepare_simulated`."""
    made = prepare_simulated if params.prepare.get("form") == "simulated" else prepare_images
    return made(raw, out, case, params)
