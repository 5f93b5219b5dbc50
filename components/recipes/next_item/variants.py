"""Smaller ways to serve a fitted model: the network in eight bits, item vectors in eight bits or of low rank."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from components.compression import lowrank
from components.compression.quantize import Feed
from components.core.bundle import Content
from components.core.job import BUNDLE, TRAIN
from components.core.params.case import Int8DynamicParams, Int8StaticParams
from components.core.parts import Maker
from components.recipes.next_item.params.params import LowRankParams, NextItemJob
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.scorers import VECTORS, SequenceScorer
from components.recipes.next_item.serving.serving import ask
from components.recipes.next_item.serving.vectors import read_vectors, vectors_bytes, vectors_table
from components.recipes.shared import variants

log = logging.getLogger(__name__)

PRODUCTS = ("MatMul", "Gemm")  # the rest is attention's masks, its softmax and norms


def int8_dynamic(_job: NextItemJob, _params: Int8DynamicParams, fitted: Path, folder: Path) -> None:
    bundle = fitted / BUNDLE
    variants.int8_dynamic(bundle, _network(open_predictor(bundle)).file, folder, _int8_vectors(bundle))


def int8_static(job: NextItemJob, params: Int8StaticParams, fitted: Path, folder: Path) -> None:
    bundle = fitted / BUNDLE
    predictor = open_predictor(bundle)
    feeds = _feeds(job, predictor, params.calibration_rows)
    variants.int8_static(bundle, _network(predictor).file, folder, feeds, _int8_vectors(bundle), operators=PRODUCTS)


def low_rank(_job: NextItemJob, params: LowRankParams, fitted: Path, folder: Path) -> None:
    """The network stays as it is; its item vectors come from two factors, as they do in the scores. Of fewer items than
    the rank asks for it is that of one less than there are: few items are no reason to lose a fit.
    """
    vectors, bias = read_vectors(fitted / BUNDLE / VECTORS)
    rank = min(params.rank, len(vectors) - 1)
    factors = lowrank.low_rank(vectors, rank)
    kept = 100 * (1 - lowrank.lost_share(vectors, factors))
    log.info("rank %d of %d holds %.1f%% of the item vectors", rank, vectors.shape[1], kept)
    table = vectors_table(factors.left, bias, int8=params.int8, right=factors.right)
    variants.replaced(fitted / BUNDLE, {VECTORS: vectors_bytes(table)}, folder)


def _int8_vectors(bundle: Path) -> dict[str, Content]:
    return {VECTORS: vectors_bytes(vectors_table(*read_vectors(bundle / VECTORS), int8=True))}


def _network(predictor: RankingPredictor) -> SequenceScorer:
    (network,) = [one for one in predictor.member_scorers.values() if isinstance(one, SequenceScorer)]
    return network


def _feeds(job: NextItemJob, predictor: RankingPredictor, count: int) -> list[Feed]:
    """Training histories of the first users, shorter ones with shorter ones."""
    known = np.flatnonzero(predictor.histories.lengths > 0)[:count]
    asked = ask(job, predictor, known, (TRAIN,))
    return [feed for _, feed in _network(predictor).batches(asked)]


VARIANTS: Mapping[str, Maker] = {"int8_dynamic": int8_dynamic, "int8_static": int8_static, "low_rank": low_rank}
