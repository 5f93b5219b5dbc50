"""What a recommender is worth: ranks beside the baselines', slices, what lists do to catalogue and tastes, examples."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.cases.recommender.params import PRIMARY, EvaluateParams, NextItemJob
from components.cases.recommender.serve import KNOWN, ask
from components.contracts import BUNDLE, MODEL, SELECTION, TEST, VALIDATION, Interval, Scores
from components.evaluation.bootstrap import Resampling, intervals
from components.evaluation.presentation.figures import save
from components.evaluation.ranking.metrics import ranking_metrics
from components.evaluation.ranking.protocol import RankingProtocol
from components.evaluation.ranking.ranks import ranks, top_items
from components.evaluation.ranking.sets import Sets
from components.evaluation.ranking_report import figures
from components.evaluation.ranking_report.beyond import beyond_accuracy
from components.evaluation.ranking_report.examples import Titles, choose, example, render_page
from components.evaluation.ranking_report.slices import (
    Slice,
    feature_groups,
    length_groups,
    popularity_groups,
    slices,
)
from components.files import write_json, write_text
from components.predictors.ranking.asked import Asked, select
from components.predictors.ranking.predictor import RankingPredictor, open_predictor
from components.preparation.interactions.encoding.histories import questions

POPULARITY = "popularity"
# Weights and question of validation; the served bundle has learned from that question's answers.
BUNDLES = {VALIDATION: SELECTION, TEST: BUNDLE}


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

    @property
    def seen(self) -> Sets:
        return Sets(self.asked.histories.item.astype(np.int64), self.asked.histories.start)


def evaluate(job: NextItemJob, fitted: Path, out: Path) -> Sequence[Scores]:
    """Answer validation and test; write predictions, `analysis.json`, `pictures/` and the page of examples."""
    params, found = job.evaluate, []
    for split, bundle in BUNDLES.items():
        answered = answer(job, fitted / bundle, split, params)
        _predictions(answered).to_parquet(out / f"predictions-{split}.parquet", index=False)
        found.append(Scores(split, _intervals(answered, params)))
    scores = found[-1].by_model
    tables = _slices(answered, params)
    beyond = _beyond(answered, params)
    write_json(out / "analysis.json", answered.protocol.stated_with(_analysis(answered, params, tables, beyond)))
    (out / "pictures").mkdir()
    _draw(out / "pictures", answered, params, scores, tables)
    write_text(out / "pictures" / "examples.html", _examples(answered, params))
    return found


def answer(job: NextItemJob, bundle: Path, split: str, params: EvaluateParams) -> Answered:
    predictor = open_predictor(bundle)
    users, target = questions(job.paths.prepared(job.case), split)
    asked = ask(job, predictor, users, KNOWN[split])
    seen = Sets(asked.histories.item.astype(np.int64), asked.histories.start)
    found: dict[str, np.ndarray] = {}
    lists: dict[str, np.ndarray] = {}
    for name, scores in _scorers(predictor, asked):
        found[name] = ranks(scores, target, seen)
        lists[name] = top_items(scores, seen, places=params.places)
    protocol = RankingProtocol(predictor.data["protocol"], split, len(target), len(predictor.catalogue.item_ids))
    return Answered(predictor, protocol, asked, target, found, lists)


def _scorers(predictor: RankingPredictor, asked: Asked) -> Any:
    """Name and scores (N, M) of the blend, of each member alone and of popularity, one after the other."""
    yield MODEL, predictor.score_all(asked)
    for name, scorer in predictor.member_scorers.items():
        yield name, scorer.scores(asked)
    yield POPULARITY, np.broadcast_to(predictor.popularity, (len(asked.ids), len(predictor.popularity)))


def _predictions(answered: Answered) -> pd.DataFrame:
    items = answered.predictor.catalogue.item_ids
    return pd.DataFrame({"user": answered.asked.ids, "item": items[answered.target], **answered.ranks})


def _intervals(answered: Answered, params: EvaluateParams) -> dict[str, dict[str, Interval]]:
    metrics = ranking_metrics(params.cutoffs)
    return {
        name: intervals(
            metrics,
            answered.target,
            rank,
            resampling=Resampling.of(params),
        )
        for name, rank in answered.ranks.items()
    }


def _slices(answered: Answered, params: EvaluateParams) -> dict[str, list[Slice]]:
    """The served model's metrics by history length, popularity of the item asked for, and features of the user."""
    catalogue, users = answered.predictor.catalogue, answered.asked.users
    groups = {
        "history length": length_groups(answered.asked.histories.lengths, params.history_edges),
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


def _analysis(
    answered: Answered,
    params: EvaluateParams,
    tables: Mapping[str, list[Slice]],
    beyond: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    return {
        "weights": {member.name: member.weight for member in answered.predictor.settings.members},
        "beyond": beyond,
        "slices": {name: [asdict(one) for one in table] for name, table in tables.items()},
        "tables": [_beyond_table(beyond, answered, params), _slice_table(tables, params)],
    }


def _beyond_table(beyond: Mapping[str, dict[str, Any]], answered: Answered, params: EvaluateParams) -> dict[str, Any]:
    names = list(next(iter(beyond.values())))
    return {
        "title": "Beyond accuracy",
        "columns": ["recommender", *(name.replace("_", " ") for name in names)],
        "rows": [[who, *(figures_of[name]["value"] for name in names)] for who, figures_of in beyond.items()],
        "note": f"Lists of {params.places}. {answered.protocol.caption}. Novelty in bits; popularity bias: mean "
        "popularity of what is recommended over that of what users chose before; miscalibration: KL divergence in "
        "nats between the genres of a user's history and of the list.",
    }


def _slice_table(tables: Mapping[str, list[Slice]], params: EvaluateParams) -> dict[str, Any]:
    rows = [
        [table, one.name, one.users, _shown(one.metrics.get(PRIMARY))]
        for table, found in tables.items()
        for one in found
    ]
    return {
        "title": "Slices",
        "columns": ["by", "group", "users", PRIMARY],
        "rows": rows,
        "note": f"The served model; groups of fewer than {params.min_group} users have no figure.",
    }


def _shown(value: Interval | None) -> str:
    return f"{value.value:.4f} [{value.low:.4f}, {value.high:.4f}]" if value else "too few"


def _draw(
    folder: Path,
    answered: Answered,
    params: EvaluateParams,
    scores: Mapping[str, Mapping[str, Interval]],
    tables: Mapping[str, list[Slice]],
) -> None:
    protocol, confidence = answered.protocol, params.confidence
    drawn = {
        "cutoffs": figures.cutoff_curves(answered.ranks, largest=2 * params.places, protocol=protocol),
        "metrics": figures.metric_bars(
            scores, [PRIMARY, PRIMARY.replace("ndcg", "hr")], confidence=confidence, protocol=protocol
        ),
        "popularity_bias": figures.popularity_bias(
            answered.lists, answered.seen, answered.predictor.catalogue.counts, protocol=protocol
        ),
        "slices": figures.slices(
            tables,
            PRIMARY,
            overall=scores[MODEL][PRIMARY],
            confidence=confidence,
            minimum=params.min_group,
            protocol=protocol,
        ),
    }
    for name, figure in drawn.items():
        save(figure, folder / f"{name}.png")


def _examples(answered: Answered, params: EvaluateParams) -> str:
    catalogue = answered.predictor.catalogue
    bands = length_groups(answered.asked.histories.lengths, params.history_edges)
    titles = Titles(
        catalogue.item_ids.tolist(), [title or None for title in catalogue.titles], _genres(answered, params)
    )
    shown = choose(bands, per_band=params.examples, seed=params.seed)
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
