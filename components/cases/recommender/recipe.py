"""What a user takes next: a sequence Transformer beside EASE, transitions and popularity."""

from typing import TYPE_CHECKING

from components.cases.recommender.params import PRIMARY, EvaluateParams, LowRankParams, ModelParams, PredictOptions
from components.params import Int8DynamicParams, Int8StaticParams
from components.preparation.interactions.encoding.spec import InteractionsParams
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
    name="next_item",
    prepare=InteractionsParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary=PRIMARY,
    variants={"int8_dynamic": Int8DynamicParams, "int8_static": Int8StaticParams, "low_rank": LowRankParams},
    options=PredictOptions,
    packages=("faiss-cpu",),
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.cases.recommender import assemble, folds, prepare, report, serve, stream, training, variants, watch

    _parts: tuple[Preparation, Trained, Assembly, Serving, Reporting, Variants, Folds, Predict, Watching] = (
        prepare, training, assemble, serve, report, variants, folds, stream, watch,
    )  # fmt: skip
