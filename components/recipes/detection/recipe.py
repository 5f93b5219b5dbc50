"""Objects in images: a dense detector beside classical segmentation."""

from pathlib import Path
from typing import TYPE_CHECKING

from components.core.job import AnyJob
from components.core.params.case import DistillParams, Int8StaticParams, PruneParams
from components.core.recipe import Parts, Recipe, predict_command
from components.recipes.detection.params.images import ImagesParams
from components.recipes.detection.params.params import PRIMARY, EvaluateParams, ModelParams, PredictOptions
from components.recipes.detection.words import BASELINES, METRICS


def question(job: AnyJob) -> str:
    """Of the images that the case was made of; of one that simulates them, the image of its external test."""
    prepare, raw = job.prepare, job.paths.raw(job.case)
    if prepare.simulate is None:
        source: Path | None = raw / prepare.images
    else:
        external = prepare.simulate.get("external")
        source = None if external is None else raw / external["image"]
    return predict_command(job, source, "boxes.json --draw drawn")


RECIPE = Recipe(
    name="detection",
    prepare=ImagesParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary=PRIMARY,
    lower_is_better=frozenset({"count_error"}),
    variants={"int8_static": Int8StaticParams, "pruned": PruneParams, "distilled": DistillParams},
    options=PredictOptions,
    predict_suffix=".png",
    answers=(".json",),
    question=question,
    packages=("pillow", "pydicom", "scikit-image", "tifffile"),
    metrics=METRICS,
    baselines=BASELINES,
    network="detector",
    units="images",
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.recipes.detection import folds, predict, variants, watch
    from components.recipes.detection.assembly import assembly
    from components.recipes.detection.preparation import preparation
    from components.recipes.detection.report import report
    from components.recipes.detection.serving import serving
    from components.recipes.detection.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
