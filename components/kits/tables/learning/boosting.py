"""LightGBM on encoded rows, as graphs: of two classes, of more, or of a number."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from onnx import ModelProto
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from scipy.special import expit, softmax

from components.core.errors import CasebookError
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.encode import TableEncoder


class GradientBoosting:
    """LightGBM (Ke et al., 2017), one model a seed; categorical columns as dummies.

    Of two `classes` or more the models are averaged in log-odds. With `classes` None the target is a number, by the
    `objective` of the settings (such as poisson, tweedie or quantile; without one it is the square), and answers are
    averaged as they are. `monotone` has 1, -1 or 0 for each column of `with_dummies`.
    """

    def __init__(
        self, *, seeds: int, monotone: Sequence[int] | None = None, settings: Mapping[str, Any], classes: int | None
    ) -> None:
        self.seeds = seeds
        self.classes = classes
        self.settings = dict(settings) if monotone is None else {**settings, "monotone_constraints": list(monotone)}

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "GradientBoosting":
        """Raises: CasebookError: of more than two classes one has no row."""
        self.sizes = tuple(sizes)
        if self.classes is not None and self.classes > 2 and (found := len(np.unique(target))) < self.classes:
            raise CasebookError(
                f"LightGBM: rows of {found} classes to learn from, where there are {self.classes}; "
                "leave the rarest out by prepare.target.ignore, or merge it with another"
            )
        kind = LGBMRegressor if self.classes is None else LGBMClassifier
        self.models = [
            kind(
                **self.settings, random_state=seed, deterministic=True, force_row_wise=True, n_jobs=1, verbosity=-1
            ).fit(with_dummies(numeric, categorical, self.sizes), target)
            for seed in range(self.seeds)
        ]
        return self

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
