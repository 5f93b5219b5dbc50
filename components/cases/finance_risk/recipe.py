"""Rows of a table with two classes: TabM beside logistic splines and LightGBM."""

from typing import TYPE_CHECKING

from components.cases.finance_risk.params import EvaluateParams, ModelParams
from components.params import DistillParams, Int8DynamicParams, Int8StaticParams, PruneParams
from components.preparation.table.encoding.spec import TableParams
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
    name="binary",
    prepare=TableParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary="auc",
    lower_is_better=frozenset({"brier", "ece", "log_loss"}),
    variants={
        "int8_dynamic": Int8DynamicParams,
        "int8_static": Int8StaticParams,
        "pruned": PruneParams,
        "distilled": DistillParams,
    },
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.cases.finance_risk import assemble, folds, prepare, report, serve, stream, training, variants, watch

    _parts: tuple[Preparation, Trained, Assembly, Serving, Reporting, Variants, Folds, Predict, Watching] = (
        prepare, training, assemble, serve, report, variants, folds, stream, watch,
    )  # fmt: skip
