"""Syllables to characters: a Transformer that labels syllables, fused with a word lattice."""

from typing import TYPE_CHECKING

from components.cases.pinyin_hanzi.params import PRIMARY, EvaluateParams, ModelParams, PredictOptions, PrunedNGramParams
from components.params import Int8DynamicParams, Int8StaticParams
from components.preparation.pinyin.encoding.spec import PinyinParams
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
)

if TYPE_CHECKING:  # each module beside what is asked of it
    from components.cases.pinyin_hanzi import assemble, folds, prepare, report, serve, stream, training, variants, watch

    _parts: tuple[Preparation, Trained, Assembly, Serving, Reporting, Variants, Folds, Predict, Watching] = (
        prepare, training, assemble, serve, report, variants, folds, stream, watch,
    )  # fmt: skip
