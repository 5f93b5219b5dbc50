"""Members of a blend as they are served: opened by their kind, and mixed. No torch."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from components.core.blocks import Block, Names
from components.kits.tables.asked import AskedTable
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.graph import TableGraph
from components.kits.tables.learning.additive import AdditiveModel

Score = Callable[[Encoded], np.ndarray]


class Member(Block):
    """A model of the blend: `files` (graphs, or JSON) whose answers are mixed with equal weights."""

    name: str
    kind: str
    files: Names
    weight: float


def members_of(weights: Mapping[str, float], kinds: Mapping[str, tuple[str, tuple[str, ...]]]) -> list[Member]:
    """Members of these weights by name; `kinds` has the kind of each and its files."""
    return [
        Member(name=name, kind=kinds[name][0], files=kinds[name][1], weight=weight) for name, weight in weights.items()
    ]


def graphs_of(members: Iterable[Member]) -> list[str]:
    """The graphs of a bundle with these members."""
    return [file for member in members if member.kind != "additive" for file in member.files]


class BlendedTable(AskedTable):
    """A table's predictor that mixes the answers `(N, ...)` of its members.

    A recipe says which `members` there are, how their answers are mixed (`mix`), what the line of an additive model
    means (`link`), and what it takes from LightGBM's graphs: of classes `probabilities (N, C)`, of a number
    `variable (N, 1)` (`trees_output`, `of_trees`).
    """

    trees_output = "probabilities"

    @property
    @abstractmethod
    def members(self) -> Sequence[Member]: ...

    @abstractmethod
    def mix(self, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """One answer of several: `(N, ..., M), (M,) -> (N, ...)`."""

    @abstractmethod
    def link(self, line: np.ndarray) -> np.ndarray:
        """Lines `(N, ...)` of an additive model to answers."""

    @abstractmethod
    def of_trees(self, answer: np.ndarray) -> np.ndarray:
        """What a graph of LightGBM gives, `(N, ...)` in float64, to answers."""

    def of_network(self, answer: np.ndarray) -> np.ndarray:
        """What the network's graph gives, `(N, ...)` in float64, to answers: the same, where the graph gives those."""
        return answer

    def blend(self, encoded: Encoded) -> np.ndarray:
        """Encoded rows (N) to the mixed answers `(N, ...)` of the members that have a weight."""
        members = [member for member in self.members if member.weight > 0]
        scores = np.stack([self.member_scores[member.name](encoded) for member in members], axis=-1)
        return self.mix(scores, np.array([member.weight for member in members]))

    @cached_property
    def member_scores(self) -> dict[str, Score]:
        """How each member answers encoded rows, those of no weight too."""
        return {member.name: self._scorer(member) for member in self.members}

    def _scorer(self, member: Member) -> Score:
        parts = [KINDS[member.kind](self, file) for file in member.files]
        equal = np.full(len(parts), 1 / len(parts))
        return lambda encoded: self.mix(np.stack([part(encoded) for part in parts], axis=-1), equal)

    def _network(self, file: str) -> Score:
        graph = TableGraph(self.bundle, file, "score")
        return lambda encoded: self.of_network(graph(encoded))

    def _trees(self, file: str) -> Score:
        def score(encoded: Encoded) -> np.ndarray:
            features = with_dummies(encoded.numeric, encoded.categorical, self.encoder.sizes)
            answer: np.ndarray = self.bundle.session(file).run([self.trees_output], {"features": features})[0]
            return self.of_trees(answer.astype(np.float64))

        return score

    def _additive(self, file: str) -> Score:
        model = AdditiveModel.from_json(self.bundle.json(file))
        return lambda encoded: self.link(model.line(encoded.numeric, encoded.categorical))


KINDS: dict[str, Callable[[BlendedTable, str], Score]] = {
    "network": BlendedTable._network,
    "trees": BlendedTable._trees,
    "additive": BlendedTable._additive,
}
