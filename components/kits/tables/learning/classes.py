"""Members of a blend of classes: a network, a logistic regression and LightGBM, fitted on the same rows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import nn

from components.core.bundle import Content
from components.core.results import LEARNER
from components.kits.tables.encoding.encode import TableEncoder
from components.kits.tables.learning.boosting import GradientBoosting, tree_files
from components.kits.tables.learning.data import Rows
from components.kits.tables.learning.graphs import network_answers, network_graph
from components.kits.tables.learning.logistic import AdditiveLogistic

LOGISTIC, LIGHTGBM = "logistic", "lightgbm"


@dataclass(frozen=True)
class ClassMembers:
    """`served` is the network as it is served."""

    served: nn.Module
    logistic: AdditiveLogistic
    trees: GradientBoosting

    def scores(self, rows: Rows) -> dict[str, np.ndarray]:
        """Probabilities by name, `(N,)` of the second of two classes, `(N, C)` of more."""
        unseen = (rows.encoded.numeric, rows.encoded.categorical)
        return {
            LEARNER: network_answers(self.served, rows.encoded),
            LOGISTIC: self.logistic.predict(*unseen),
            LIGHTGBM: self.trees.predict(*unseen),
        }

    def contents(self, encoder: TableEncoder) -> dict[str, Content]:
        """The files of a bundle that answer for them."""
        return {
            f"{LEARNER}.onnx": network_graph(self.served, encoder),
            f"{LOGISTIC}.json": self.logistic.to_json(),
            **self.trees.contents(LIGHTGBM, encoder),
        }


def class_kinds(seeds: int) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Of each member its kind and its files, for `members_of`."""
    return {
        LEARNER: ("network", (LEARNER,)),
        LOGISTIC: ("additive", (LOGISTIC,)),
        LIGHTGBM: ("trees", tree_files(LIGHTGBM, seeds)),
    }
