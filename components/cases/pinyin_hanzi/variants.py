"""Smaller ways to serve a fitted converter: the network in eight bits, the n-gram tables without what matters least."""

import logging
from collections.abc import Mapping
from pathlib import Path

from components.baselines.lattice.lattice import CHARACTERS, WORDS
from components.baselines.lattice.pruning import prune
from components.bundle import Content, read_bundle, write_bundle
from components.cases.pinyin_hanzi.params import ConversionJob
from components.compression.quantize import Feed, int8_dynamic, int8_static
from components.contracts import TRAIN
from components.errors import CasebookError
from components.predictors.conversion.learner import LearnerScorer
from components.predictors.conversion.predictor import ConversionPredictor, open_predictor
from components.preparation.pinyin.encoding.ngrams import NGrams, read_ngrams
from components.shared.serving import bundle_below, read_split

log = logging.getLogger(__name__)

FP32 = "fp32"
PRODUCTS = ("MatMul", "Gemm")  # the rest is attention's masks, its softmax and norms


def make_variants(job: ConversionJob, fitted: Path, work: Path) -> Mapping[str, Path]:
    """A bundle folder for the fitted model and for each variant that the params ask for."""
    makers = {"int8_dynamic": _int8_dynamic, "int8_static": _int8_static, "pruned_ngrams": _pruned_ngrams}
    bundle = bundle_below(fitted)
    folders = {FP32: bundle}
    for name in job.params.compress.variants:
        if name not in makers:
            raise CasebookError(
                f"params.cases.{job.case}.compress.variants: {name!r} is none of this case's; "
                f"there are: {', '.join(makers)}"
            )
        log.info("variant %s", name)
        folders[name] = work / name
        makers[name](job, bundle, folders[name])
    return folders


def _int8_dynamic(_job: ConversionJob, bundle: Path, folder: Path) -> None:
    graph, name = folder.with_suffix(".onnx"), _graph(open_predictor(bundle))
    int8_dynamic(bundle / name, graph)
    _with(bundle, {name: graph.read_bytes()}, folder)


def _int8_static(job: ConversionJob, bundle: Path, folder: Path) -> None:
    predictor = open_predictor(bundle)
    graph, name = folder.with_suffix(".onnx"), _graph(predictor)
    int8_static(bundle / name, graph, _feeds(job, predictor), operators=PRODUCTS)
    _with(bundle, {name: graph.read_bytes()}, folder)


def _pruned_ngrams(job: ConversionJob, bundle: Path, folder: Path) -> None:
    params = job.params.compress.ngrams
    assert params is not None  # params see to it that a variant that is named has its block
    contents: dict[str, Content] = {}
    for name in (WORDS, CHARACTERS):
        whole = read_ngrams(bundle, name)
        pruned = prune(whole, params.threshold)
        log.info("%s: %s", name, ", ".join(_kept(whole, pruned)))
        contents |= pruned.to_contents(name)
    _with(bundle, contents, folder)


def _kept(whole: NGrams, pruned: NGrams) -> list[str]:
    pairs = {"bigrams": (whole.bigrams, pruned.bigrams), "trigrams": (whole.trigrams, pruned.trigrams)}
    return [f"{len(left)} of {len(all_of)} {what} kept" for what, (all_of, left) in pairs.items()]


def _with(bundle: Path, others: Mapping[str, Content], folder: Path) -> None:
    source = read_bundle(bundle, threads=1)
    write_bundle(folder, source.manifest, {**source.contents(), **others})


def _graph(predictor: ConversionPredictor) -> str:
    return f"{predictor.settings.learner}.onnx"


def _feeds(job: ConversionJob, predictor: ConversionPredictor) -> list[Feed]:
    """Of training clauses, as many as the params say, those of like lengths together."""
    rows = read_split(job, TRAIN).head(job.params.compress.calibration_rows)
    learner = predictor.models.learner
    assert isinstance(learner, LearnerScorer)
    return [feed for _, feed in learner.feeds(predictor.numbers(rows["syllables"].str.split().tolist()))]
