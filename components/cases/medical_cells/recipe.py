"""Objects in images: a dense detector beside classical segmentation."""

from typing import TYPE_CHECKING

from components.cases.medical_cells.params import PRIMARY, EvaluateParams, ModelParams, PredictOptions
from components.params import DistillParams, Int8StaticParams, PruneParams
from components.preparation.images.encoding.spec import ImagesParams
from components.recipe import (
    Assembly,
    Folds,
    Predict,
    Preparation,
    Recipe,
    Reporting,
    Serving,
    Trained,
    Variants,
    Watching,
)

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
    packages=("pillow", "scikit-image", "tifffile"),
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.cases.medical_cells import (
        assemble,
        folds,
        prepare,
        report,
        serve,
        stream,
        training,
        variants,
        watch,
    )

    _parts: tuple[Preparation, Trained, Assembly, Serving, Reporting, Variants, Folds, Predict, Watching] = (
        prepare, training, assemble, serve, report, variants, folds, stream, watch,
    )  # fmt: skip
