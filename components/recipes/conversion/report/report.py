"""Report of a converter: its answers beside the baselines', where it errs, and clauses to look at."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.job import TEST, TRAIN, VALIDATION, Meta
from components.core.recipe import recipe_of
from components.core.results import MODEL, Report, Scores, Table
from components.evaluation.bootstrap import Resampling
from components.evaluation.presentation.comparison import PERCENT, compared, served_beside
from components.evaluation.report import score_split
from components.evaluation.slices import Slice, as_json, slice_table
from components.recipes.conversion.metrics.metrics import text_metrics
from components.recipes.conversion.metrics.text import top_k_metrics
from components.recipes.conversion.metrics.translation import signatures
from components.recipes.conversion.params.params import PRIMARY, ConversionJob, EvaluateParams
from components.recipes.conversion.report import figures
from components.recipes.conversion.report.answered import Answered, answer
from components.recipes.conversion.report.confusions import character_table, confusions
from components.recipes.conversion.report.examples import Section, choose, example, render_page
from components.recipes.conversion.report.slices import (
    candidate_groups,
    character_slices,
    clause_slices,
    heteronym_groups,
    length_groups,
    rarity_groups,
    seen_groups,
)
from components.recipes.conversion.report.typed import CLAUSES, SMOKE_CLAUSES, typed_rows, typed_table
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.shared.serving import asked_bundle, compared_bundle, read_split


def report(job: ConversionJob, fitted: Path, bundle: Path) -> Report:
    """Judge validation and test; what is looked at more closely are the answers to the test."""
    params = job.evaluate
    scores: dict[str, Scores] = {}
    predictions: dict[str, pd.DataFrame] = {}
    for split in (VALIDATION, TEST):  # one after the other: a converter is large
        predictor = open_predictor(asked_bundle(fitted, bundle, split))
        answered = answer(job, predictor, compared_bundle(fitted, split), split, params)
        scores[split] = _scores(split, answered, params)
        predictions[split] = answered.clauses[["clause", "text"]].assign(**answered.answers)
    errors = _ErrorAnalysis(job, params, answered)
    most = SMOKE_CLAUSES if job.smoke else CLAUSES
    typed = typed_rows(predictor, answered.clauses, most=most, seed=params.seed)
    tables = errors.tables()
    return Report(
        scores=list(scores.values()),
        predictions=predictions,
        analysis={**errors.analysis(predictor), "typed": typed, "tables": [asdict(table) for table in tables]},
        predicts="the Chinese characters that were meant by a line of pinyin",
        tables=[*tables, errors.top_table(), typed_table(typed, min(most, len(answered.clauses)))],
        notes={},
        figures=errors.figures(scores[TEST]),
        pages={"examples": errors.examples},
        plots={"confusion/test": errors.confusion()},
    )


def _scores(split: str, answered: Answered, params: EvaluateParams) -> Scores:
    metrics = text_metrics()
    return score_split(split, answered.target, answered.answers, lambda _: metrics, Resampling.of(params))


class _ErrorAnalysis:
    """Where the answers to the test are right and wrong."""

    def __init__(self, job: ConversionJob, params: EvaluateParams, answered: Answered) -> None:
        self.case, self.params, self.answered, self.recipe = job.case, params, answered, recipe_of(job)
        self.pairs: Mapping[str, str] = Meta.read(job.paths.prepared(job.case)).data["pairs"]
        self.training = read_split(job, TRAIN)["text"]
        model = answered.answers[MODEL]
        self.table = character_table(answered.target, model, answered.clauses["syllables"].tolist())
        self.confused = confusions(self.table, most=params.confusions)
        cutoffs = range(1, params.n_best + 1)
        self.top = {name: top(answered.target, self._lists()) for name, top in top_k_metrics(cutoffs).items()}
        self.by_clause, self.by_character = self._clause_slices(model), self._character_slices()

    @property
    def slices(self) -> dict[str, list[Slice]]:
        return {**self.by_clause, **self.by_character}

    def analysis(self, predictor: ConversionPredictor) -> dict[str, Any]:
        return {
            "signatures": signatures(),
            "weights": {"beam": predictor.settings.search.learner, **predictor.settings.search.weights},
            "memory": memory(predictor),
            "top": self.top,
            "slices": as_json(self.slices),
            "confusions": self.confused.to_dict("records"),
        }

    def tables(self) -> list[Table]:
        return [self._slice_table(), self._confusion_table()]

    def figures(self, judged: Scores) -> dict[str, Callable[[], Figure]]:
        params, caption = self.params, self._caption()
        shown = {PRIMARY: PERCENT, "exact": PERCENT, "bleu": "{:.1f}".format}
        panels = [
            compared(judged, metric, self.recipe, label=figures.plain(metric), shown=write)
            for metric, write in shown.items()
        ]
        drawn: dict[str, Callable[[], Figure]] = {
            "metrics": partial(served_beside, panels, confidence=params.confidence, over="clauses", caption=caption)
        }
        for name, slices, of in (
            ("slices_of_clauses", self.by_clause, "kind of clause"),
            ("slices_of_characters", self.by_character, "kind of character"),
        ):
            drawn[name] = partial(
                figures.slices,
                slices,
                PRIMARY,
                overall=judged.by_model[MODEL][PRIMARY],
                confidence=params.confidence,
                minimum=params.min_group,
                caption=caption,
                of=of,
            )
        if len(self.confused):
            drawn["confusions"] = partial(figures.confused_pairs, self.confused, caption=caption)
        return drawn

    def examples(self) -> str:
        answered, params = self.answered, self.params
        bands = length_groups(answered.target, params.length_edges)
        wrong = answered.answers[MODEL] != answered.target
        every, failed = choose(bands, wrong, per_band=params.examples, seed=params.seed)
        sections = [
            Section("Clauses drawn by chance", "Of each length as many.", [self._example(row) for row in every]),
            Section(
                "Where it errs", "Drawn of the clauses with a wrong character.", [self._example(row) for row in failed]
            ),
        ]
        return render_page(sections, title=f"{self.case}: pinyin and what it became", caption=self._caption())

    def confusion(self) -> pd.DataFrame:
        """The most frequent errors, a row for each time."""
        found = self.confused.loc[self.confused.index.repeat(self.confused["count"])]
        named = {"reference": "actual", "answer": "predicted"}
        return found[[*named]].rename(columns=named).replace("", figures.DROPPED)

    def _example(self, row: int) -> Any:
        answered = self.answered
        clause = answered.clauses.iloc[row]
        systems = {self.recipe.called(who): found[row] for who, found in answered.answers.items()}
        return example(
            f"clause {clause['clause']}", clause["text"], clause["syllables"], systems, answered.best[row].alternatives
        )

    def _clause_slices(self, model: np.ndarray) -> dict[str, list[Slice]]:
        groups = {
            "clause length": length_groups(self.answered.target, self.params.length_edges),
            "clause": seen_groups(self.answered.target, set(self.training)),
        }
        return {
            name: clause_slices(
                text_metrics(),
                self.answered.target,
                model,
                group,
                minimum=self.params.min_group,
                resampling=Resampling.of(self.params),
            )
            for name, group in groups.items()
        }

    def _character_slices(self) -> dict[str, list[Slice]]:
        counts = Counter("".join(self.training))
        groups = {
            "character's count in training": rarity_groups(self.table, counts, self.params.rarity_edges),
            "readings of the character": heteronym_groups(self.table, self.pairs),
            "characters of the syllable": candidate_groups(self.table, self.pairs, self.params.candidate_edges),
        }
        return {
            name: character_slices(
                self.table, group, minimum=self.params.min_group, resampling=Resampling.of(self.params)
            )
            for name, group in groups.items()
        }

    def _slice_table(self) -> Table:
        note = f"The served model; groups of fewer than {self.params.min_group} have no figure."
        return slice_table(self.slices, PRIMARY, ["clauses", "characters"], note)

    def _confusion_table(self) -> Table:
        columns = ["syllable", "reference", "answer", "count", "back", "of"]
        return Table(
            "Most confused characters",
            ["syllable", "meant", "answered", "times", "the other way round", "of"],
            self.confused[columns].to_numpy(object).tolist(),
            f"The {self.params.confusions} most frequent errors; of: how often the character was meant.",
        )

    def top_table(self) -> Table:
        rows = [[number, share] for number, share in enumerate(self.top.values(), start=1)]
        note = "The share of test clauses whose reference is among the first so many answers of the served model."
        return Table("Right among the first answers", ["answers", "share of clauses"], rows, note)

    def _lists(self) -> np.ndarray:
        """(N, n_best) answers, the one that is served first, the last one repeated where there are fewer."""
        most, served = self.params.n_best, self.answered.answers[MODEL]
        lists = [
            list(dict.fromkeys([first, *(text for text, _ in one.alternatives)]))[:most]
            for first, one in zip(served, self.answered.best, strict=True)
        ]
        return np.array([[*found, *found[-1:] * (most - len(found))] for found in lists], object)

    def _caption(self) -> str:
        return f"{self.case}: {len(self.answered.target):,} clauses of the test, {len(self.table):,} characters."


def memory(predictor: ConversionPredictor) -> dict[str, int]:
    """Bytes of the tables, with what finds an entry in them."""
    models = predictor.models.models
    tables = {
        "words": models.words,
        "characters": models.characters,
        "associations": models.associations,
        "contexts": models.contexts,
    }
    return {name: table.nbytes for name, table in tables.items() if table is not None}
