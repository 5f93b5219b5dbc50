"""Smaller ways to serve a fitted converter: the network in eight bits, the n-gram tables without what matters least."""

import logging
from collections.abc import Mapping
from pathlib import Path

from components.compression.quantize import Feed
from components.core.bundle import Content
from components.core.job import BUNDLE, TRAIN
from components.core.params.case import Int8DynamicParams, Int8StaticParams
from components.core.parts import Maker
from components.recipes.conversion.assembly.lattice.lattice import CHARACTERS, WORDS
from components.recipes.conversion.assembly.lattice.pruning import prune
from components.recipes.conversion.encoding.ngrams import NGrams, read_ngrams
from components.recipes.conversion.params.params import ConversionJob, PrunedNGramParams
from components.recipes.conversion.serving.learner import LearnerScorer
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.shared import variants
from components.recipes.shared.serving import read_split

log = logging.getLogger(__name__)

PRODUCTS = ("MatMul", "Gemm")  # the rest is attention's masks, its softmax and norms


def int8_dynamic(_job: ConversionJob, _params: Int8DynamicParams, fitted: Path, folder: Path) -> None:
    variants.int8_dynamic(fitted / BUNDLE, _graph(open_predictor(fitted / BUNDLE)), folder)


def int8_static(job: ConversionJob, params: Int8StaticParams, fitted: Path, folder: Path) -> None:
    predictor = open_predictor(fitted / BUNDLE)
    feeds = _feeds(job, predictor, params.calibration_rows)
    variants.int8_static(fitted / BUNDLE, _graph(predictor), folder, feeds, operators=PRODUCTS)


def pruned_ngrams(_job: ConversionJob, params: PrunedNGramParams, fitted: Path, folder: Path) -> None:
    contents: dict[str, Content] = {}
    for name in (WORDS, CHARACTERS):
        whole = read_ngrams(fitted / BUNDLE, name)
        pruned = prune(whole, params.threshold)
        log.info("%s: %s", name, ", ".join(_kept(whole, pruned)))
        contents |= pruned.to_contents(name)
    variants.replaced(fitted / BUNDLE, contents, folder)


def _kept(whole: NGrams, pruned: NGrams) -> list[str]:
    pairs = {"bigrams": (whole.bigrams, pruned.bigrams), "trigrams": (whole.trigrams, pruned.trigrams)}
    return [f"{len(left)} of {len(all_of)} {what} kept" for what, (all_of, left) in pairs.items()]


def _graph(predictor: ConversionPredictor) -> str:
    return str(predictor.settings.learner)


def _feeds(job: ConversionJob, predictor: ConversionPredictor, count: int) -> list[Feed]:
    """Of the first training clauses, those of like lengths together."""
    rows = read_split(job, TRAIN).head(count)
    learner = predictor.models.learner
    assert isinstance(learner, LearnerScorer)
    return [feed for _, feed in learner.feeds(predictor.numbers(rows["syllables"].str.split().tolist()))]


VARIANTS: Mapping[str, Maker] = {
    "int8_dynamic": int8_dynamic,
    "int8_static": int8_static,
    "pruned_ngrams": pruned_ngrams,
}
