"""From a trained learner to bundles: baselines, blend, and all of it fitted again on everything that is known."""

import logging
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from lightning.pytorch import LightningModule

from components.compression.export import export_onnx
from components.core.bundle import Content, Manifest, write_bundle
from components.core.job import BUNDLE, SELECTION, TRAIN, VALIDATION, Meta
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.recipes.next_item.assembly.baselines import RecencyEASE, Transitions
from components.recipes.next_item.encoding.histories import event_rows, questions
from components.recipes.next_item.encoding.spec import ITEMS, USERS
from components.recipes.next_item.metrics.metrics import ranking_metrics
from components.recipes.next_item.metrics.ranks import ranks
from components.recipes.next_item.params.params import PRIMARY, ModelParams, NextItemJob
from components.recipes.next_item.serving.asked import Asked
from components.recipes.next_item.serving.index import IndexSettings
from components.recipes.next_item.serving.predictor import RankingSettings, open_predictor
from components.recipes.next_item.serving.scorers import Member, SequenceScorer, standardized
from components.recipes.next_item.serving.serving import KNOWN, ask
from components.recipes.next_item.serving.vectors import vectors_bytes, vectors_table
from components.recipes.next_item.training.data import QuestionLoader, SequenceData
from components.recipes.next_item.training.learner import NextItemLearner
from components.recipes.next_item.training.sequence_transformer import Query, SequenceTransformer
from components.recipes.next_item.training.training import TRAINING, everything, make_data
from components.training.fit import make_trainer, on_cpu
from components.training.refit import keep_result, refit, refit_state

log = logging.getLogger(__name__)

EASE, TRANSITIONS = "ease", "transitions"
PREDICTOR = "ranking.predictor"


def assemble(job: NextItemJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `selection/` and `bundle/` into `folder`.

    `selection` knows the training events alone; on it the validation question chooses the blend's
    weights. `bundle` is what serves: the same recipe fitted again on training and validation events,
    because what users did last says most of what they do next. The learner of that second fit is returned.
    """
    params = job.model
    selection = folder / SELECTION
    write(selection, job, params, {EASE: 0.0, TRANSITIONS: 0.0}, learner, whole=False)
    weights = choose_weights(job, selection, params)
    log.info("blend: %s", ", ".join(f"{name} {weight:g}" for name, weight in {LEARNER: 1.0, **weights}.items()))
    write(selection, job, params, weights, learner, whole=False)
    log.info("fitting again on training and validation events")
    again = refit(job, TRAINING, learner, everything)
    keep_result(refit_state(job, learner), folder)
    write(folder / BUNDLE, job, params, weights, again, whole=True)
    return again


def write(
    folder: Path,
    job: NextItemJob,
    params: ModelParams,
    weights: dict[str, float],
    learner: LightningModule,
    *,
    whole: bool,
) -> None:
    """A bundle of the learner, and of baselines fitted on the same events."""
    data = make_data(job, whole=whole)
    assert isinstance(learner, NextItemLearner)
    prepared = job.paths.prepared(job.case)
    contents: dict[str, Content] = {
        "users.parquet": prepared / USERS,
        "items.parquet": prepared / ITEMS,
        "histories.parquet": parquet_bytes(event_rows(prepared, [TRAIN, VALIDATION] if whole else [TRAIN])),
        "interactions.json": Meta.read(prepared).data
        | {"tokens": params.tokens.model_dump(mode="json"), "window": params.network.window},
        **learner_contents(learner.network),
        **baseline_contents(data, params),
    }
    write_bundle(folder, manifest(job, params, weights), contents)


def learner_contents(network: SequenceTransformer) -> dict[str, Content]:
    """The graph that makes a query of a history, and the table of item vectors that it is multiplied with."""
    with torch.no_grad():
        vectors = network.item_vectors().numpy()
    table = vectors_table(vectors, network.bias.detach().numpy(), int8=False)
    return {f"{LEARNER}.onnx": learner_graph(network), "item_vectors.parquet": vectors_bytes(table)}


def learner_graph(network: SequenceTransformer) -> bytes:
    """The ONNX graph `vectors, features, times, user, valid -> query`."""
    size, tokens, users = network.item.embedding_dim, len(network.token.offset), len(network.user.offset)
    places = 3
    example = {
        "vectors": torch.zeros(2, places, size),
        "features": torch.zeros(2, places, tokens, dtype=torch.long),
        "times": torch.zeros(2, places),
        "user": torch.zeros(2, users, dtype=torch.long),
        "valid": torch.ones(2, places, dtype=torch.bool),
    }
    return export_onnx(Query(network), example, "query", sequences=("vectors", "features", "times", "valid"))


@torch.no_grad()
def network_gap(job: NextItemJob, served: LightningModule, fitted: Path) -> float:
    """The largest difference between the queries of the network, from the batches of the validation, and those of its
    graph in the bundle, from the same events as raw rows, read as any that are given: they end before the validation,
    as the batches do.
    """
    assert isinstance(served, NextItemLearner)
    data, selection = make_data(job, whole=False), open_predictor(fitted / SELECTION)
    data.trainer = make_trainer(on_cpu(job.params.fit), None, [])
    batches = data.val_dataloader()
    assert isinstance(batches, QuestionLoader)
    users = batches.tensors[0].numpy()
    asked = ask(job, selection, users, KNOWN[VALIDATION])
    graph = open_predictor(fitted / BUNDLE).member_scorers[LEARNER]
    assert isinstance(graph, SequenceScorer)
    vectors = served.network.item_vectors()
    queries = torch.cat([served.eval()(batch, vectors)[:, -1] for batch in batches]).numpy()
    return largest_gap_over([(queries, graph.queries(asked))])


def baseline_contents(data: SequenceData, params: ModelParams) -> dict[str, Content]:
    histories = data.histories
    counts = np.bincount(histories.item, minlength=len(data.catalogue.item_ids))
    ease = RecencyEASE(ridge=params.ease.ridge, max_items=params.ease.max_items, recency=params.ease.recency)
    given = params.transitions.model_dump(exclude={"neighbours", "recency"})
    transitions = Transitions(**given, recency=params.transitions.recency)
    return {
        f"{EASE}.parquet": neighbours_bytes(ease.fit(histories, counts).sparse(params.ease.neighbours)),
        f"{TRANSITIONS}.parquet": neighbours_bytes(
            transitions.fit(histories, counts).sparse(params.transitions.neighbours)
        ),
    }


def neighbours_bytes(entries: tuple[np.ndarray, np.ndarray, np.ndarray]) -> bytes:
    return parquet_bytes(pa.table(dict(zip(("row", "column", "value"), entries, strict=True))))


def parquet_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def manifest(job: NextItemJob, params: ModelParams, weights: dict[str, float]) -> Manifest:
    recencies = {EASE: params.ease.recency, TRANSITIONS: params.transitions.recency}
    learner = Member(name=LEARNER, kind="sequence", file=LEARNER, weight=1.0, link="softmax", recency=None)
    baselines = [
        Member(name=name, kind="neighbours", file=name, weight=weight, link="identity", recency=recencies[name])
        for name, weight in weights.items()
    ]
    settings = RankingSettings(
        members=[learner, *baselines],
        top=params.serving.top,
        index=IndexSettings(**params.serving.index.model_dump()),
    )
    return Manifest.of(job.case, PREDICTOR, (LEARNER,), settings)


def choose_weights(job: NextItemJob, bundle: Path, params: ModelParams) -> dict[str, float]:
    """The baselines' weights, of those that the params name, with the best validation NDCG; of equals the smallest.

    Of many asked users a sample answers: three weights need no more.
    """
    predictor = open_predictor(bundle)
    users, target = questions(job.paths.prepared(job.case), VALIDATION)
    if len(users) > params.blend.users:
        chosen = np.random.default_rng(job.params.fit.seed).choice(len(users), params.blend.users, replace=False)
        users, target = users[np.sort(chosen)], target[np.sort(chosen)]
    asked = Asked(predictor.catalogue.user_ids[users], users, predictor.histories.of(users))
    seen = predictor.seen(asked)
    scores = {name: standardized(scorer.scores(asked)) for name, scorer in predictor.member_scorers.items()}
    metric = ranking_metrics([int(PRIMARY.partition("@")[2])])[PRIMARY]
    found = {}
    for ease, transitions in product(sorted(params.blend.weights), repeat=2):
        mixed = scores[LEARNER] + np.float32(ease) * scores[EASE] + np.float32(transitions) * scores[TRANSITIONS]
        found[ease, transitions] = metric(target, ranks(mixed, target, seen))
    best = max(found, key=lambda pair: (found[pair], -sum(pair)))
    return {EASE: float(best[0]), TRANSITIONS: float(best[1])}
