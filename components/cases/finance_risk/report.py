"""What a model is worth: metrics beside the baselines', slices, fairness, stability, pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.cases.finance_risk.case import EvaluateParams, evaluate_params
from components.cases.finance_risk.serve import read_split
from components.contracts import TEST, TRAIN, VALIDATION, Interval, Job, Scores
from components.evaluation.binary.metrics import best_f1_threshold, binary_metrics
from components.evaluation.binary_report import figures
from components.evaluation.binary_report.fairness import Fairness, fairness
from components.evaluation.binary_report.scorecard import records, score_bands, slices
from components.evaluation.bootstrap import intervals
from components.evaluation.presentation.figures import save
from components.evaluation.stability import psi, psi_table
from components.files import write_json
from components.predictors.table.predictor import TablePredictor, open_predictor
from components.preparation.table.encoding.spec import TARGET

MODEL, LEARNER = "model", "learner"
SLICE_METRICS = ("auc", "ks", "brier")

Scored = Mapping[str, np.ndarray]


def evaluate(job: Job, fitted: Path, out: Path) -> Sequence[Scores]:
    """Score the fitted bundle on validation and test; write predictions, `analysis.json` and `pictures/`."""
    params = evaluate_params(job)
    predictor = open_predictor(fitted / "bundle")
    frames = {split: read_split(job, split) for split in (TRAIN, VALIDATION, TEST)}
    scores = {split: all_scores(predictor, frame) for split, frame in frames.items()}
    thresholds = _thresholds(predictor, frames[VALIDATION], scores[VALIDATION])
    for split in (VALIDATION, TEST):
        key = [name for name in predictor.data["key"] if name in frames[split]]
        pd.concat([frames[split][[*key, TARGET]], pd.DataFrame(scores[split])], axis=1).to_parquet(
            out / f"predictions-{split}.parquet", index=False
        )
    test, score = frames[TEST], scores[TEST][MODEL]
    groups = compare_groups(test, score >= predictor.settings.threshold, params)
    target, edges = test[TARGET].to_numpy(), np.array(predictor.settings.bands)
    bands = score_bands(target, score, edges, confidence=params.confidence)
    write_json(out / "analysis.json", _analysis(predictor, params, frames, scores, bands, groups))
    _draw(out / "pictures", params, target, scores[TEST], bands, groups)
    return [
        Scores(split, _intervals(frames[split][TARGET].to_numpy(), scores[split], thresholds, params))
        for split in (VALIDATION, TEST)
    ]


def all_scores(predictor: TablePredictor, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Scores `(N,)` by name: the calibrated blend as `model`, then each member alone, uncalibrated."""
    encoded = predictor.encoder.encode(frame)
    members = {name: score(encoded) for name, score in predictor.member_scores.items()}
    return {MODEL: predictor.score(frame), **members}


def _thresholds(predictor: TablePredictor, validation: pd.DataFrame, scores: Scored) -> dict[str, float]:
    """The served threshold, and for each member alone the one that is best on validation."""
    target = validation[TARGET].to_numpy()
    alone = {name: best_f1_threshold(target, score) for name, score in scores.items() if name != MODEL}
    return {MODEL: predictor.settings.threshold, **alone}


def _intervals(
    target: np.ndarray, scores: Scored, thresholds: Mapping[str, float], params: EvaluateParams
) -> dict[str, dict[str, Interval]]:
    return {
        name: intervals(
            binary_metrics(threshold=thresholds[name], bins=params.ece_bins),
            target,
            score,
            resamples=params.resamples,
            confidence=params.confidence,
            seed=params.seed,
        )
        for name, score in scores.items()
    }


def compare_groups(rows: pd.DataFrame, over: np.ndarray, params: EvaluateParams) -> list[Fairness]:
    """Approvals by each sensitive column; `over (N,)` says who is declined."""
    return [
        fairness(
            rows[TARGET].to_numpy(),
            ~over,
            rows[sensitive.column],
            edges=sensitive.edges,
            minimum=params.min_group,
            resamples=params.resamples,
            confidence=params.confidence,
            seed=params.seed,
        )
        for sensitive in params.sensitive
    ]


def _analysis(
    predictor: TablePredictor,
    params: EvaluateParams,
    frames: Mapping[str, pd.DataFrame],
    scores: Mapping[str, Scored],
    bands: pd.DataFrame,
    groups: list[Fairness],
) -> dict[str, Any]:
    train, test = frames[TRAIN], frames[TEST]
    score = scores[TEST][MODEL]
    columns = list(predictor.data["spec"]["columns"])
    chosen = {name: binary_metrics(threshold=0.5, bins=params.ece_bins)[name] for name in SLICE_METRICS}
    return {
        "threshold": predictor.settings.threshold,
        "weights": {member.name: member.weight for member in predictor.settings.members},
        "calibrator": predictor.settings.calibrator["method"],
        "bands": records(bands),
        "psi_score": psi(scores[TRAIN][MODEL], score, bins=params.psi_bins, floor=params.psi_floor),
        "psi": records(psi_table(train, test, columns, bins=params.psi_bins, floor=params.psi_floor)),
        "fairness": [group.to_json() for group in groups],
        "slices": {
            part.column: records(
                slices(
                    chosen,
                    test[TARGET].to_numpy(),
                    score,
                    test[part.column],
                    edges=part.edges,
                    minimum=params.min_group,
                )
            )
            for part in params.slices
        },
    }


def _draw(
    folder: Path,
    params: EvaluateParams,
    target: np.ndarray,
    scores: Scored,
    bands: pd.DataFrame,
    groups: list[Fairness],
) -> None:
    series = {name: (target, score) for name, score in scores.items()}
    served = {MODEL: series[MODEL]}
    drawn = {
        "roc": figures.roc(series),
        "precision_recall": figures.precision_recall(series),
        "calibration": figures.calibration(series, bins=params.ece_bins, confidence=params.confidence),
        "ks": figures.ks_curve(served),
        "score_bands": figures.score_bands(bands),
        **{f"fairness_{group.column.lower()}": figures.fairness_by_group(group) for group in groups},
    }
    for name, figure in drawn.items():
        save(figure, folder / f"{name}.png")
