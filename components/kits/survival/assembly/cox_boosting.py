"""Gradient boosting of a hazard by LightGBM: as fast for ten thousand people as for a thousand, and with entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.kits.survival.assembly.baselines import trees_table
from components.kits.survival.metrics.rows import entered_outcome
from components.kits.tables.encoding.dummies import with_dummies


class CoxBoosting:
    """Trees on Cox's partial likelihood (Ridgeway, The state of boosting, 1999), ties as Breslow has them, and his
    baseline. Who had not entered is not at risk.
    """

    def __init__(
        self, *, trees: int, rate: float, depth: int, min_leaf: int, subsample: float, features: float, seed: int
    ) -> None:
        self.rounds = trees
        self.settings = {
            "learning_rate": rate,
            "max_depth": depth,
            "num_leaves": 2**depth,
            "min_data_in_leaf": min_leaf,
            "min_sum_hessian_in_leaf": 1e-3,
            "bagging_fraction": subsample,
            "bagging_freq": 1,
            "feature_fraction_bynode": features,
            "seed": seed,
            "num_threads": 1,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }

    def fit(
        self, numeric: np.ndarray, categorical: np.ndarray, target: np.ndarray, sizes: Sequence[int]
    ) -> "CoxBoosting":
        import lightgbm  # its import costs more than a model of a few hundred people

        rows, risk = with_dummies(numeric, categorical, sizes), AtRisk.of(target)

        def objective(score: np.ndarray, _data: Any) -> tuple[np.ndarray, np.ndarray]:
            return risk.derivatives(score)

        data = lightgbm.Dataset(rows.astype(np.float64), free_raw_data=False)
        booster = lightgbm.train({**self.settings, "objective": objective}, data, num_boost_round=self.rounds)
        self.trees = [Nodes.of(one["tree_structure"]) for one in booster.dump_model()["tree_info"]]
        self.times, self.baseline = risk.times, risk.baseline(booster.predict(rows, raw_score=True))  # type: ignore[arg-type]
        return self

    def contents(self, name: str, times: np.ndarray) -> Mapping[str, bytes | dict[str, Any]]:
        steps = np.concatenate([[0.0], np.cumsum(self.baseline)])
        baseline = steps[np.searchsorted(self.times, times, side="right")]
        return {
            f"{name}.parquet": trees_table([(tree, tree.value) for tree in self.trees]),
            f"{name}.json": {"baseline": baseline.tolist()},
        }


@dataclass(frozen=True)
class AtRisk:
    """Of the rows (N,) how many of the distinct event `times` (T,) lie until their entry, and until their end: between
    them they are at risk. `events` (T,) count who had the event at each, `event` (N,) says who did.
    """

    times: np.ndarray
    events: np.ndarray
    event: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, target: np.ndarray) -> "AtRisk":
        time, event, entry = entered_outcome(target)
        entry = np.full(len(time), -1.0) if entry is None else entry
        times, events = np.unique(time[event], return_counts=True)
        first, last = (np.searchsorted(times, ends, side="right") for ends in (entry, time))
        return cls(times, events, event, first, last)

    def derivatives(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of minus the logarithm of the partial likelihood by each row's score (N,): the first two (N,)."""
        weight = np.exp(score - score.max())
        whole = self._sums(weight)
        lived, squared = (self._lived(self.events / whole**power) for power in (1, 2))
        return weight * lived - self.event, np.maximum(weight * lived - weight**2 * squared, 0.0)

    def baseline(self, score: np.ndarray) -> np.ndarray:
        """What each event time adds to the cumulative hazard of a row of score 0: (T,), Breslow's."""
        found: np.ndarray = self.events / self._sums(np.exp(score - score.max())) / np.exp(score.max())
        return found

    def _sums(self, weight: np.ndarray) -> np.ndarray:
        """Of the weights (N,) of who is at risk at each event time: (T,)."""
        steps = len(self.times) + 1
        entered, ended = (np.bincount(ends, weights=weight, minlength=steps) for ends in (self.first, self.last))
        found: np.ndarray = np.cumsum(entered - ended)[:-1]
        return np.maximum(found, np.finfo(np.float64).tiny)

    def _lived(self, added: np.ndarray) -> np.ndarray:
        """What event times (T,) add up to while each row is at risk: (N,)."""
        until = np.concatenate([[0.0], np.cumsum(added)])
        found: np.ndarray = until[self.last] - until[self.first]
        return found


@dataclass(frozen=True)
class Nodes:
    """A tree of LightGBM as scikit-learn has one: of each node (M) the feature and threshold, its children, -1 where it
    is a leaf, and the `value` (M, 1) that leaves add.
    """

    feature: np.ndarray
    threshold: np.ndarray
    children_left: np.ndarray
    children_right: np.ndarray
    value: np.ndarray

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> "Nodes":
        found: list[list[float]] = []

        def add(node: Mapping[str, Any]) -> int:
            here = len(found)
            found.append([0, 0.0, -1, -1, node.get("leaf_value", 0.0)])
            if "split_feature" in node:
                both = add(node["left_child"]), add(node["right_child"])
                found[here] = [node["split_feature"], node["threshold"], *both, 0.0]
            return here

        add(tree)
        feature, threshold, left, right, value = np.array(found).T
        return cls(feature.astype(int), threshold, left.astype(int), right.astype(int), value[:, None])

    @property
    def node_count(self) -> int:
        return len(self.feature)
