"""From a trained labeller to a bundle: lattice, characters' model, and the weights that fuse them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from lightning.pytorch import LightningModule

from components.compression.export import export_onnx
from components.core.bundle import Content, Manifest, write_bundle
from components.core.job import BUNDLE, PREPARED_FILES, SELECTION, TRAIN, VALIDATION, Meta
from components.core.results import LEARNER
from components.evaluation.gaps import largest_gap_over
from components.recipes.conversion.assembly.lattice.lattice import fit_lattice
from components.recipes.conversion.encoding.readings import listed_tones
from components.recipes.conversion.encoding.windows import WINDOWS
from components.recipes.conversion.metrics.metrics import text_metrics
from components.recipes.conversion.params.params import PRIMARY, ConversionJob, ModelParams
from components.recipes.conversion.params.search import ContextParams
from components.recipes.conversion.serving.context_weights import fit_contexts, hold_out
from components.recipes.conversion.serving.contexts import Contexts
from components.recipes.conversion.serving.decoder import Decoder, SearchSettings
from components.recipes.conversion.serving.models import CONTEXTS, PINYIN, TONES, ConversionSettings
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.conversion.serving.rescore import FEATURES
from components.recipes.conversion.serving.weights import collect, fit_weights
from components.recipes.conversion.training.data import Batch
from components.recipes.conversion.training.learner import SyllableLearner
from components.recipes.conversion.training.network import make_data
from components.recipes.conversion.training.syllable_labeller import Labels, SyllableLabeller
from components.training.fit import make_trainer, on_cpu

log = logging.getLogger(__name__)

STRETCHES = 50  # of the training text, dealt to the folds in turn: an article's names stay in one
PREDICTOR = "conversion.predictor"


def assemble(job: ConversionJob, learner: LightningModule, folder: Path) -> LightningModule:
    """Write `selection/` and `bundle/` into `folder`.

    In `selection` tables and network know the training clauses alone, and the validation's find the weights of all
    models. `bundle` is what serves: the same weights and network, with a lattice of the validation's clauses too.
    The learner given is returned.
    """
    params = job.model
    assert isinstance(learner, SyllableLearner)
    contexts = params.fusion.contexts
    pairs = Meta.read(job.paths.prepared(job.case)).data["pairs"]
    shared: dict[str, Content] = {
        f"{PINYIN}.json": {"pairs": pairs, TONES: listed_tones(pairs)},
        f"{LEARNER}.onnx": learner_graph(learner.served),
        **make_data(job, params).windows.to_contents(),
        **({CONTEXTS: learn_contexts(job, params, contexts).to_content()} if contexts else {}),
    }
    selection, tables = folder / SELECTION, lattice_contents(job, params)
    write_bundle(selection, manifest(job, first_settings(params)), {**shared, **tables})
    settings = manifest(job, with_weights(job, open_predictor(selection), params))
    write_bundle(selection, settings, {**shared, **tables})
    log.info("the lattice again, of training and validation clauses")
    tables = lattice_contents(job, params, splits=(TRAIN, VALIDATION))
    write_bundle(folder / BUNDLE, settings, {**shared, **tables})
    return learner


def lattice_contents(
    job: ConversionJob, params: ModelParams, *, splits: Sequence[str] = (TRAIN,), kept: np.ndarray | None = None
) -> dict[str, Content]:
    """Files of a lattice fitted on splits, or on the clauses `kept` of them."""
    prepared, seed = job.paths.prepared(job.case), job.params.fit.seed
    return {**fit_lattice(prepared, params.lattice, seed=seed, splits=splits, kept=kept).to_contents()}


def learn_contexts(job: ConversionJob, params: ModelParams, contexts: ContextParams) -> Contexts:
    """From readings of each fold of the training text by a lattice of the other folds."""
    rows = pd.read_parquet(job.paths.prepared(job.case) / PREPARED_FILES[TRAIN], columns=["text", "syllables"])
    fold = np.arange(len(rows)) * STRETCHES // len(rows) % contexts.folds
    held = []
    for number in range(contexts.folds):
        with TemporaryDirectory() as work:
            predictor = lattice_without(job, params, fold == number, Path(work) / BUNDLE)
            clauses = predictor.numbers(rows["syllables"][fold == number].str.split().tolist())
            search = predictor.models.decoder.search.model_copy(update={"rescored": contexts.readings})
            decoder = replace(predictor.models.decoder, search=search)
            held.append(hold_out(decoder, clauses, rows["text"][fold == number].tolist(), contexts.bits))
        log.info("contexts: %d readings of fold %d of %d", len(held[-1].begin) - 1, number + 1, contexts.folds)
    return fit_contexts(held, contexts, penalty=params.fusion.penalty, seed=job.params.fit.seed)


def lattice_without(job: ConversionJob, params: ModelParams, left_out: np.ndarray, folder: Path) -> ConversionPredictor:
    """Of a lattice alone, fitted on the training clauses but those `left_out`: the network has seen them all."""
    settings = first_settings(params)
    settings = settings.model_copy(update={"learner": None, "search": in_beam(settings.search, 0.0)})
    pairs: dict[str, Content] = {f"{PINYIN}.json": {"pairs": Meta.read(job.paths.prepared(job.case)).data["pairs"]}}
    tables = lattice_contents(job, params, kept=~left_out)
    write_bundle(folder, Manifest.of(job.case, PREDICTOR, (), settings), {**pairs, **tables})
    return open_predictor(folder)


def learner_graph(network: SyllableLabeller) -> bytes:
    """The ONNX graph `syllables, hashed -> logits`."""
    places = 3
    example = {
        "syllables": torch.ones(2, places, dtype=torch.long),
        "hashed": torch.zeros(2, places, len(WINDOWS), dtype=torch.long),
    }
    return export_onnx(Labels(network), example, "logits", sequences=("syllables", "hashed", "logits"))


def network_gap(job: ConversionJob, learner: LightningModule, fitted: Path) -> float:
    """The largest difference between the log p of candidates by the network, from the batches that it learns from, and
    by its graph in the bundle, from syllables: of the validation's clauses.
    """
    return largest_gap_over(_log_p(job, learner, open_predictor(fitted / BUNDLE)))


@torch.no_grad()
def _log_p(
    job: ConversionJob, learner: LightningModule, predictor: ConversionPredictor
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each batch the network's log p and the graph's, of the candidates of its syllables end to end."""
    assert isinstance(learner, SyllableLearner)
    data, scorer = make_data(job, job.model), predictor.models.learner
    assert scorer is not None
    data.trainer = make_trainer(on_cpu(job.params.fit), None, [])
    network = Labels(learner.served).eval()
    for batch in data.val_dataloader():
        assert isinstance(batch, Batch)
        valid = batch.syllables > 0
        own = network(batch.syllables, batch.windows).log_softmax(dim=-1)[valid].numpy()
        found = scorer.log_p([row[row > 0].numpy() for row in batch.syllables])
        candidates = ~np.isneginf(found)
        yield own[candidates], found[candidates]


def manifest(job: ConversionJob, settings: ConversionSettings) -> Manifest:
    return Manifest.of(job.case, PREDICTOR, (LEARNER,), settings)


def first_settings(params: ModelParams) -> ConversionSettings:
    """Before anything is weighed: the beam's own order."""
    fusion = params.fusion.model_dump()
    search = {name: fusion[name] for name in SearchSettings.model_fields if name in fusion}
    return ConversionSettings.model_validate(
        {
            "learner": LEARNER,
            "search": {**search, "learner": min(params.fusion.learner_weights), "weights": {}},
            "characters": fusion["characters"],
            **params.serving.model_dump(),
        }
    )


def with_weights(job: ConversionJob, predictor: ConversionPredictor, params: ModelParams) -> ConversionSettings:
    """The learner's weight in the beam, and those of all models in the choice among its best readings."""
    clauses, texts = validation_clauses(job, predictor, params.fusion.clauses)
    decoder, settings = predictor.models.decoder, predictor.settings
    search = in_beam(decoder.search, best_learner_weight(decoder, clauses, texts, params.fusion.learner_weights))
    examples = collect(replace(decoder, search=search), clauses, texts)
    weights = fit_weights(examples, FEATURES, penalty=params.fusion.penalty)  # one without a table is 0 throughout
    search = search.model_copy(update={"weights": weights})
    shown = ", ".join(f"{name} {value:.3g}" for name, value in weights.items())
    share = accuracy(replace(decoder, search=search), clauses, texts)
    log.info("learner %g in the beam; %s: %.2f%% of the characters", search.learner, shown, 100 * share)
    return settings.model_copy(update={"search": search})


def best_learner_weight(
    decoder: Decoder, clauses: Sequence[np.ndarray], texts: Sequence[str], weights: Sequence[float]
) -> float:
    """Of `weights` that the learner may have in the beam, the one whose best readings have the most right characters;
    of equals the smallest.
    """
    found = {}
    for weight in sorted(weights):
        search = in_beam(decoder.search, weight).model_copy(update={"rescored": 1})  # the beam's own choice
        found[weight] = accuracy(replace(decoder, search=search), clauses, texts)
    return max(found, key=lambda weight: (found[weight], -weight))


def in_beam(search: SearchSettings, learner: float) -> SearchSettings:
    return search.model_copy(update={"learner": learner})


def accuracy(decoder: Decoder, clauses: Sequence[np.ndarray], texts: Sequence[str]) -> float:
    found = [best[0][0] for best in decoder.candidates(clauses, 1)]
    return text_metrics()[PRIMARY](np.array(texts, object), np.array(found, object))


def validation_clauses(
    job: ConversionJob, predictor: ConversionPredictor, most: int
) -> tuple[Sequence[np.ndarray], Sequence[str]]:
    """Numbers of the syllables, and texts, of the validation's clauses; of more than `most` a sample."""
    rows = pd.read_parquet(job.paths.prepared(job.case) / PREPARED_FILES[VALIDATION])
    if len(rows) > most:
        rows = rows.sample(most, random_state=job.params.fit.seed)
    return predictor.numbers(rows["syllables"].str.split().tolist()), rows["text"].tolist()
