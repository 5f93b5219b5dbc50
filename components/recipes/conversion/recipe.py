"""Syllables to characters: a Transformer that labels syllables, fused with a word lattice."""

from typing import TYPE_CHECKING

from components.core.job import AnyJob
from components.core.params.case import Int8DynamicParams, Int8StaticParams
from components.core.recipe import Parts, Recipe
from components.recipes.conversion.params.params import (
    PRIMARY,
    EvaluateParams,
    ModelParams,
    PredictOptions,
    PrunedNGramParams,
)
from components.recipes.conversion.params.pinyin import PinyinParams
from components.recipes.conversion.words import BASELINES, METRICS


def question(job: AnyJob) -> str:
    """The raw file has characters, which are the answers."""
    return f'echo "jin tian tian qi hen hao" | casebook predict {job.case} -'


RECIPE = Recipe(
    name="conversion",
    prepare=PinyinParams,
    model=ModelParams,
    evaluate=EvaluateParams,
    primary=PRIMARY,
    lower_is_better=frozenset({"cer"}),
    variants={
        "int8_dynamic": Int8DynamicParams,
        "int8_static": Int8StaticParams,
        "pruned_ngrams": PrunedNGramParams,
    },
    options=PredictOptions,
    predict_suffix=".txt",
    answers=(".txt", ".csv", ".parquet"),
    metrics=METRICS,
    baselines=BASELINES,
    network="Transformer",
    units="clauses",
    question=question,
    packages=("charset-normalizer",),
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.recipes.conversion import folds, predict, variants, watch
    from components.recipes.conversion.assembly import assembly
    from components.recipes.conversion.preparation import preparation
    from components.recipes.conversion.report import report
    from components.recipes.conversion.serving import serving
    from components.recipes.conversion.training import training

    _parts: Parts = (preparation, training, assembly, serving, report, variants, folds, predict, watch)
