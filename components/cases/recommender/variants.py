"""Smaller ways to serve a fitted model: the network in eight bits, item vectors in eight bits or of low rank."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from components.bundle import Content, read_bundle, write_bundle
from components.cases.recommender.params import NextItemJob
from components.cases.recommender.serve import ask
from components.compression.lowrank import lost_share, low_rank
from components.compression.quantize import Feed, int8_dynamic, int8_static
from components.contracts import BUNDLE, TRAIN
from components.errors import CasebookError
from components.predictors.ranking.predictor import RankingPredictor, open_predictor
from components.predictors.ranking.scorers import VECTORS, SequenceScorer
from components.predictors.ranking.vectors import read_vectors, vectors_bytes, vectors_table

log = logging.getLogger(__name__)

FP32 = "fp32"
PRODUCTS = ("MatMul", "Gemm")  # the rest is attention's masks, its softmax and norms


def make_variants(job: NextItemJob, fitted: Path, work: Path) -> Mapping[str, Path]:
    """A bundle folder for the fitted model and for each variant that the params ask for."""
    makers = {"int8_dynamic": _int8_dynamic, "int8_static": _int8_static, "low_rank": _low_rank}
    folders = {FP32: fitted / BUNDLE}
    for name in job.params.compress.variants:
        if name not in makers:
            raise CasebookError(
                f"params.cases.{job.case}.compress.variants: {name!r} is none of this case's; "
                f"there are: {', '.join(makers)}"
            )
        log.info("variant %s", name)
        folders[name] = work / name
        makers[name](job, fitted / BUNDLE, folders[name])
    return folders


def _int8_dynamic(_job: NextItemJob, bundle: Path, folder: Path) -> None:
    graph = folder.with_suffix(".onnx")
    int8_dynamic(bundle / _graph_file(open_predictor(bundle)), graph)
    _with_graph(bundle, graph, folder)


def _int8_static(job: NextItemJob, bundle: Path, folder: Path) -> None:
    predictor = open_predictor(bundle)
    graph = folder.with_suffix(".onnx")
    int8_static(bundle / _graph_file(predictor), graph, _feeds(job, predictor), operators=PRODUCTS)
    _with_graph(bundle, graph, folder)


def _low_rank(job: NextItemJob, bundle: Path, folder: Path) -> None:
    """The network stays as it is; its item vectors come from two factors, as they do in the scores."""
    params = job.params.compress.low_rank
    assert params is not None  # params see to it that a variant that is named has its block
    vectors, bias = read_vectors(bundle / VECTORS)
    factors = low_rank(vectors, params.rank)
    kept = 100 * (1 - lost_share(vectors, factors))
    log.info("rank %d of %d holds %.1f%% of the item vectors", params.rank, vectors.shape[1], kept)
    table = vectors_table(factors.left, bias, int8=params.int8, right=factors.right)
    _with(bundle, {VECTORS: vectors_bytes(table)}, folder)


def _with_graph(bundle: Path, graph: Path, folder: Path) -> None:
    """A copy of a bundle with another graph of the network and its item vectors in eight bits."""
    table = vectors_table(*read_vectors(bundle / VECTORS), int8=True)
    name = _graph_file(open_predictor(bundle))
    _with(bundle, {name: graph.read_bytes(), VECTORS: vectors_bytes(table)}, folder)


def _with(bundle: Path, others: Mapping[str, Content], folder: Path) -> None:
    source = read_bundle(bundle, threads=1)
    write_bundle(folder, source.manifest, {**source.contents(), **others})


def _graph_file(predictor: RankingPredictor) -> str:
    return f"{_network(predictor).file}.onnx"


def _network(predictor: RankingPredictor) -> SequenceScorer:
    (network,) = [one for one in predictor.member_scorers.values() if isinstance(one, SequenceScorer)]
    return network


def _feeds(job: NextItemJob, predictor: RankingPredictor) -> list[Feed]:
    """Training histories of the first users, as many as the params say, shorter ones with shorter ones."""
    known = np.flatnonzero(predictor.histories.lengths > 0)[: job.params.compress.calibration_rows]
    asked = ask(job, predictor, known, (TRAIN,))
    return [feed for _, feed in _network(predictor).batches(asked)]
