"""Report of a recommender: ranks beside the baselines', slices, what lists do to catalogue and tastes, examples."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from components.core.files import read_json
from components.core.job import TEST, VALIDATION
from components.core.recipe import recipe_of
from components.core.results import MODEL, Report, Scores, Table
from components.core.told import TOLD
from components.evaluation.bootstrap import Resampling
from components.evaluation.examples import of_each
from components.evaluation.presentation.comparison import compared, served_beside
from components.evaluation.report import score_split
from components.evaluation.slices import Slice, Slices, as_json, bands, slice_table, slices
from components.recipes.next_item.encoding.histories import questions
from components.recipes.next_item.encoding.repeats import personal_popularity
from components.recipes.next_item.metrics.metrics import ranking_metrics
from components.recipes.next_item.metrics.protocol import RankingProtocol
from components.recipes.next_item.metrics.ranks import ranks, top_items
from components.recipes.next_item.metrics.sets import Sets
from components.recipes.next_item.params.params import PRIMARY, EvaluateParams, NextItemJob
from components.recipes.next_item.report import figures
from components.recipes.next_item.report.beyond import beyond_accuracy
from components.recipes.next_item.report.examples import Titles, example, render_page
from components.recipes.next_item.report.slices import feature_groups, popularity_groups
from components.recipes.next_item.report.ties import find_ties
from components.recipes.next_item.serving.asked import Asked, select
from components.recipes.next_item.serving.predictor import RankingPredictor, open_predictor
from components.recipes.next_item.serving.serving import KNOWN, ask
from components.recipes.shared.serving import asked_bundle, compared_bundle

POPULARITY, PERSONAL = "popularity", "personal_popularity"
# Weights and question of validation; the served bundle has learned from that question's answers.


@dataclass(frozen=True)
class Answered:
    """A split's N questions: who was asked, the item (N,) that came next, and each recommender's rank of it (N,)
    and list (N, k).
    """

    predictor: RankingPredictor
    protocol: RankingProtocol
    asked: Asked
    target: np.ndarray
    ranks: dict[str, np.ndarray]
    lists: dict[str, np.ndarray]

    def lengths(self, params: EvaluateParams) -> pd.Categorical:
        """The band (N,) of each user's number of events before the question."""
        return bands("history length", self.asked.histories.lengths, params.history_edges)

    @property
    def seen(self) -> Sets:
        return Sets(self.asked.histories.item.astype(np.int64), self.asked.histories.start)


def report(job: NextItemJob, fitted: Path, bundle: Path) -> Report:
    """Judge validation and test; what is looked at more closely are the answers to the test."""
    params = job.evaluate
    scores: dict[str, Scores] = {}
    predictions: dict[str, pd.DataFrame] = {}
    for split in (VALIDATION, TEST):  # one after the other: answers to a split are large
        members = open_predictor(compared_bundle(fitted, split))
        test = answer(job, asked_bundle(fitted, bundle, split), members, split, params)
        scores[split], predictions[split] = _scores(split, test, params), _predictions(test)
    slices, beyond = _slices(test, params), _beyond(test, params)
    tables = [_beyond_table(job, beyond, test), _slice_table(slices, params), _told_table(job)]
    ties = find_ties(job, fitted)
    return Report(
        scores=list(scores.values()),
        predictions=predictions,
        analysis={
            "weights": {member.name: member.weight for member in test.predictor.settings.members},
            "beyond": beyond,
            "slices": as_json(slices),
            "tables": [asdict(table) for table in tables],
            "ties": None if ties is None else asdict(ties),
        },
        predicts=f"which of {len(test.predictor.catalogue.item_ids):,} items a user comes to next, as a list"
        + (f". {ties.told}" if ties else ""),
        tables=tables,
        notes={"protocol": test.protocol.stated},
        figures=_figures(job, test, scores[TEST], slices),
        pages={"examples": partial(_examples, test, params)},
    )


def answer(job: NextItemJob, bundle: Path, members: RankingPredictor, split: str, params: EvaluateParams) -> Answered:
    """By the bundle, and by each of the `members` of another of the same catalogue alone."""
    predictor = open_predictor(bundle)
    users, target = questions(job.paths.prepared(job.case), split)
    asked = ask(job, predictor, users, KNOWN[split])
    seen = predictor.seen(asked)
    found: dict[str, np.ndarray] = {}
    lists: dict[str, np.ndarray] = {}
    for name, scores in _scorers(predictor, members, asked):
        found[name] = ranks(scores, target, seen)
        lists[name] = top_items(scores, seen, places=params.places)
    protocol = RankingProtocol(predictor.data["protocol"], split, len(target), len(predictor.catalogue.item_ids))
    return Answered(predictor, protocol, asked, target, found, lists)


def _scorers(predictor: RankingPredictor, members: RankingPredictor, asked: Asked) -> Any:
    """Name and scores (N, M) of the blend, of each member alone and of popularity, one after the other."""
    yield MODEL, predictor.score_all(asked)
    for name, scorer in members.member_scorers.items():
        yield name, scorer.scores(asked)
    yield POPULARITY, np.broadcast_to(predictor.popularity, (len(asked.ids), len(predictor.popularity)))
    if predictor.recommends_seen:
        yield PERSONAL, personal_popularity(asked.histories, predictor.popularity)


def _predictions(answered: Answered) -> pd.DataFrame:
    items = answered.predictor.catalogue.item_ids
    return pd.DataFrame({"user": answered.asked.ids, "item": items[answered.target], **answered.ranks})


def _scores(split: str, answered: Answered, params: EvaluateParams) -> Scores:
    metrics = ranking_metrics(params.cutoffs)
    return score_split(split, answered.target, answered.ranks, lambda _: metrics, Resampling.of(params))


def _slices(answered: Answered, params: EvaluateParams) -> dict[str, list[Slice]]:
    """The served model's metrics by history length, popularity of the item asked for, and features of the user."""
    catalogue, users = answered.predictor.catalogue, answered.asked.users
    groups = {
        "history length": answered.lengths(params),
        "popularity of the item": popularity_groups(catalogue.counts, answered.target, params.popularity_quantiles),
    }
    for place, feature in enumerate(catalogue.user_features):
        if feature.name in params.user_features:
            groups[feature.name] = feature_groups(catalogue.user_codes[users, place], feature.labels)
    return {
        name: slices(
            ranking_metrics(params.cutoffs),
            answered.target,
            answered.ranks[MODEL],
            group,
            counted="users",
            minimum=params.min_group,
            resampling=Resampling.of(params),
        )
        for name, group in groups.items()
    }


def _beyond(answered: Answered, params: EvaluateParams) -> dict[str, dict[str, Any]]:
    catalogue = answered.predictor.catalogue
    genres = catalogue.item_sets[params.genres][:, 1:] if params.genres else None  # column 0 is "none"
    resampling = Resampling.of(params)
    return {
        name: {
            figure: asdict(value)
            for figure, value in beyond_accuracy(
                lists, answered.seen, catalogue.counts, genres, alpha=params.calibration_alpha, resampling=resampling
            ).items()
        }
        for name, lists in answered.lists.items()
    }


def _beyond_table(job: NextItemJob, beyond: Mapping[str, dict[str, Any]], answered: Answered) -> Table:
    called, params = recipe_of(job).called, job.evaluate
    names = list(next(iter(beyond.values())))
    return Table(
        "Beyond accuracy",
        ["recommender", *(name.replace("_", " ") for name in names)],
        [[called(who), *(figures_of[name]["value"] for name in names)] for who, figures_of in beyond.items()],
        f"Lists of {params.places}. {answered.protocol.caption}. Novelty in bits; popularity bias: mean "
        "popularity of what is recommended over that of what users chose before; miscalibration: KL divergence in "
        "nats between the genres of a user's history and of the list.",
    )


def _slice_table(slices: Slices, params: EvaluateParams) -> Table:
    note = f"The served model; groups of fewer than {params.min_group} users have no figure."
    return slice_table(slices, PRIMARY, ["users"], note)


def _told_table(job: NextItemJob) -> Table:
    path = job.paths.prepared(job.case) / TOLD
    notes = read_json(path)["notes"] if path.is_file() else []
    note = "A key of the block, or a mend of the file, settles each."
    return Table("Told when the events were read", ["what"], [[line] for line in notes], note)


def _figures(job: NextItemJob, answered: Answered, judged: Scores, slices: Slices) -> dict[str, Callable[[], Figure]]:
    """Of the test, everybody by the name that people know."""
    params, recipe, protocol = job.evaluate, recipe_of(job), answered.protocol
    confidence, counts = params.confidence, answered.predictor.catalogue.counts
    shown = [PRIMARY, PRIMARY.replace("ndcg", "hr")]
    panels = [compared(judged, metric, recipe, label=figures.plain(metric)) for metric in shown]
    ranks = {recipe.called(who): rank for who, rank in answered.ranks.items()}
    lists = {recipe.called(who): items for who, items in answered.lists.items()}
    return {
        "cutoffs": partial(figures.cutoff_curves, ranks, largest=2 * params.places, protocol=protocol),
        "metrics": partial(served_beside, panels, confidence=confidence, over="users", caption=protocol.caption),
        "popularity_bias": partial(figures.popularity_bias, lists, answered.seen, counts, protocol=protocol),
        "slices": partial(
            figures.slices,
            slices,
            PRIMARY,
            overall=judged.by_model[MODEL][PRIMARY],
            confidence=confidence,
            minimum=params.min_group,
            protocol=protocol,
        ),
    }


def _examples(answered: Answered, params: EvaluateParams) -> str:
    catalogue = answered.predictor.catalogue
    titles = Titles(
        catalogue.item_ids.tolist(), [title or None for title in catalogue.titles], _genres(answered, params)
    )
    shown = of_each(answered.lengths(params), most=params.examples, seed=params.seed)
    scores = answered.predictor.score_all(select(answered.asked, shown))
    lists = answered.lists[MODEL]
    best = np.zeros(lists.shape, np.float32)
    best[shown] = np.take_along_axis(scores, np.maximum(lists[shown], 0), axis=1)
    pages = [
        example(
            int(row),
            user=answered.asked.ids[row],
            facts=_facts(answered, int(row)),
            history=answered.seen,
            left_out=answered.predictor.seen(answered.asked),
            times=answered.asked.histories.time,
            recommended=lists,
            scores=best,
            target=answered.target,
            rank=answered.ranks[MODEL],
            titles=titles,
            last=params.last,
        )
        for row in shown
    ]
    title = f"{answered.predictor.bundle.manifest.case}: what users were recommended"
    return render_page(pages, protocol=answered.protocol, title=title, score_name="blended score")


def _facts(answered: Answered, row: int) -> dict[str, str]:
    catalogue, user = answered.predictor.catalogue, answered.asked.users[row]
    return {
        feature.name: feature.labels[catalogue.user_codes[user, place]]
        for place, feature in enumerate(catalogue.user_features)
    }


def _genres(answered: Answered, params: EvaluateParams) -> list[list[str]]:
    catalogue = answered.predictor.catalogue
    if params.genres is None:
        return [[] for _ in catalogue.item_ids]
    feature = next(one for one in catalogue.item_features if one.name == params.genres)
    held = catalogue.item_sets[params.genres]
    return [[feature.labels[code] for code in np.flatnonzero(row) if code] for row in held]
