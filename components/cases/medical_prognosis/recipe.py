"""Times to an event in a cohort: a hazard network beside Cox's regression, a survival forest and boosting."""

from typing import TYPE_CHECKING

from components.cases.medical_prognosis.params import EvaluateParams, ModelParams
from components.params import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.preparation.table.encoding.cohort import CohortParams
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
    name="survival",
    prepare=CohortParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary="c_index",
    lower_is_better=frozenset({"ibs"}),
    variants={
        "int8_dynamic": Int8DynamicParams,
        "int8_static": Int8StaticParams,
        "pruned": PruneParams,
        "distilled": DistillParams,
    },
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.cases.medical_prognosis import (
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
