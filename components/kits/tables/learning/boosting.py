"""LightGBM on encoded rows, as graphs: of two classes, of more, or of a number."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
from onnx import ModelProto
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from scipy.special import expit, softmax

from components.core.errors import CasebookError
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.cut import Parts
from components.kits.tables.learning.data import Rows


class GradientBoosting:
    """LightGBM (Ke et al., 2017), one model a seed; categorical columns as dummies.

    Of two `classes` or more the models are averaged in log-odds. With `classes` None the target is a number, by the
    `objective` of the settings (such as poisson, tweedie or quantile; without one it is the square), and answers are
    averaged as they are. `monotone` has 1, -1 or 0 for each column of `with_dummies`.
    """

    def __init__(
        self,
        *,
        seeds: int,
        monotone: Sequence[int] | None = None,
        settings: Mapping[str, Any],
        classes: int | None,
        patience: int | None = None,
    ) -> None:
        self.seeds = seeds
        self.patience = patience
        self.classes = classes
        self.settings = dict(settings) if monotone is None else {**settings, "monotone_constraints": list(monotone)}

    def fit(
        self,
        numeric: np.ndarray,
        categorical: np.ndarray,
        target: np.ndarray,
        sizes: Sequence[int],
        *,
        held_out: Rows | None = None,
        rounds: Sequence[int] | None = None,
    ) -> "GradientBoosting":
        """With `patience` rows that are held out end each model's training; with `rounds` each has so many.

        Raises:
            CasebookError: of more than two classes one has no row.
        """
        self.sizes = tuple(sizes)
        if self.classes is not None and self.classes > 2 and (found := len(np.unique(target))) < self.classes:
            raise CasebookError(
                f"LightGBM: rows of {found} classes to learn from, where there are {self.classes}; "
                "leave the rarest out by prepare.target.ignore, or merge it with another"
            )
        rows, watched = with_dummies(numeric, categorical, self.sizes), self._watched(held_out)
        self.models = [
            self._model(seed, None if rounds is None else rounds[seed]).fit(rows, target, **watched)
            for seed in range(self.seeds)
        ]
        return self

    @property
    def rounds(self) -> list[int]:
        """How many trees each model answers with, of a class."""
        return [model.best_iteration_ or model.n_estimators_ for model in self.models]

    def _model(self, seed: int, rounds: int | None) -> Any:
        kind = LGBMRegressor if self.classes is None else LGBMClassifier
        settings = self.settings if rounds is None else {**self.settings, "n_estimators": rounds}
        return kind(**settings, random_state=seed, deterministic=True, force_row_wise=True, n_jobs=1, verbosity=-1)

    def _watched(self, held_out: Rows | None) -> dict[str, Any]:
        if held_out is None or self.patience is None:
            return {}
        rows = with_dummies(held_out.encoded.numeric, held_out.encoded.categorical, self.sizes)
        return {
            "eval_X": (rows,),
            "eval_y": (held_out.target,),
            "callbacks": [early_stopping(self.patience, verbose=False)],
        }

    def predict(self, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
        """`(N, F), (N, C) -> (N,)` probabilities of the second of two classes, `(N, C)` of more; or numbers (N,)."""
        rows = with_dummies(numeric, categorical, self.sizes)
        raw = self.classes is not None
        answers = np.mean([model.predict(rows, raw_score=raw) for model in self.models], axis=0)
        if not raw:
            return answers
        probability: np.ndarray = expit(answers) if answers.ndim == 1 else softmax(answers, axis=1)
        return probability

    def to_onnx(self, width: int) -> list[ModelProto]:
        """One graph a seed, from `features (N, width) float32` to `probabilities (N, C)`, or `variable (N, 1)`."""
        inputs = [("features", FloatTensorType([None, width]))]
        # Named, or each gets a random name, and the same model other bytes.
        return [
            _in_order(convert_lightgbm(model, name=f"lightgbm-{seed}", initial_types=inputs, zipmap=False))
            for seed, model in enumerate(self.models)
        ]

    def contents(self, name: str, encoder: TableEncoder) -> dict[str, bytes]:
        """The graphs as files of a bundle; their names without the suffix are those of `tree_files`."""
        graphs = self.to_onnx(len(encoder.numeric_names) + sum(encoder.sizes))
        files = tree_files(name, self.seeds)
        return {f"{file}.onnx": graph.SerializeToString() for file, graph in zip(files, graphs, strict=True)}


def fit_rounds(
    trees: GradientBoosting,
    rows: Rows,
    encoder: TableEncoder,
    parts: Parts,
    *,
    held_out: Rows | None = None,
    like: GradientBoosting | None = None,
) -> GradientBoosting:
    """Trees with `patience`, fitted on the rows: with as many rounds as those that they are to be `like`, as rows that
    are `held_out` say, or as the folds of the rows themselves do (`parts`).
    """
    known = rows.known(encoder)
    if like is not None:
        return trees.fit(*known, rounds=like.rounds)
    if held_out is not None or not parts:
        return trees.fit(*known, held_out=held_out)
    one = copy(trees)
    one.seeds = 1
    found = [one.fit(*rows.take(fitting).known(encoder), held_out=rows.take(rest)).rounds for fitting, rest in parts]
    return trees.fit(*known, rounds=[round(float(np.mean(found)))] * trees.seeds)


def tree_files(name: str, seeds: int) -> tuple[str, ...]:
    """The graphs of a member of so many seeds."""
    return tuple(f"{name}-{seed}" for seed in range(seeds))


def monotone_constraints(signs: Mapping[str, int], encoder: TableEncoder) -> list[int]:
    """A constraint for each column that LightGBM sees, 0 where `signs` has none."""
    return [signs.get(name, 0) for name in encoder.numeric_names] + [0] * sum(encoder.sizes)


def _in_order(graph: ModelProto) -> ModelProto:
    """The graph with its operator sets sorted: the converter takes them from a set, in no order of its own."""
    opsets = sorted(graph.opset_import, key=lambda opset: opset.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(opsets)
    return graph
