"""Members of a blend as a server asks them: an additive model's curves together, codes once for all trees."""

from collections.abc import Callable, Mapping

import numpy as np

from components.kits.tables.encoding.encode import Encoded
from components.kits.tables.learning.additive import AdditiveModel
from components.kits.tables.learning.members import KINDS, BlendedTable, Member, Score
from components.kits.tables.quick.curves import QuickAdditive
from components.kits.tables.quick.encoding import Alike

AT_ONCE = 32  # rows of a network: what it computes for more leaves the processor's cache


def quick_scores(predictor: BlendedTable) -> dict[str, Score]:
    """As `BlendedTable.member_scores`."""
    return {member.name: _scorer(predictor, member) for member in predictor.members}


def _scorer(predictor: BlendedTable, member: Member) -> Score:
    equal = np.full(len(member.files), 1 / len(member.files))
    parts = PARTS.get(member.kind, _plain)(predictor, member)
    return lambda encoded: predictor.mix(np.stack(parts(encoded), axis=-1), equal)


Parts = Callable[[Encoded], list[np.ndarray]]


def _plain(predictor: BlendedTable, member: Member) -> Parts:
    scores = [KINDS[member.kind](predictor, file) for file in member.files]
    return lambda encoded: [score(encoded) for score in scores]


def _trees(predictor: BlendedTable, member: Member) -> Parts:
    sizes = predictor.encoder.sizes
    offsets, width = np.cumsum([0, *sizes[:-1]]), sum(sizes)
    output = [predictor.trees_output]

    def parts(encoded: Encoded) -> list[np.ndarray]:
        numbers = encoded.numeric.shape[1]
        features = np.zeros((len(encoded.numeric), numbers + width), dtype=np.float32)
        features[:, :numbers] = encoded.numeric
        if width:
            features[np.arange(len(features))[:, None], numbers + offsets + encoded.categorical] = 1
        sessions = [predictor.bundle.session(file) for file in member.files]
        if not isinstance(encoded, Alike):
            answers = [session.run(output, {"features": features})[0] for session in sessions]
        else:  # a row that goes the way of the one before it takes the processor half as long
            order = np.argsort(encoded.group, kind="stable")
            back = np.argsort(order)
            answers = [session.run(output, {"features": features[order]})[0][back] for session in sessions]
        return [predictor.of_trees(answer.astype(np.float64)) for answer in answers]

    return parts


def _additive(predictor: BlendedTable, member: Member) -> Parts:
    models = [QuickAdditive(AdditiveModel.from_json(predictor.bundle.json(file))) for file in member.files]
    return lambda encoded: [predictor.link(model.line(encoded.numeric, encoded.categorical)) for model in models]


def _network(predictor: BlendedTable, member: Member) -> Parts:
    scores = _plain(predictor, member)

    def parts(encoded: Encoded) -> list[np.ndarray]:
        count = len(encoded.numeric)
        if count <= AT_ONCE:
            return scores(encoded)
        found = [scores(encoded.take(np.arange(at, min(at + AT_ONCE, count)))) for at in range(0, count, AT_ONCE)]
        return [np.concatenate(part) for part in zip(*found, strict=True)]

    return parts


PARTS: Mapping[str, Callable[[BlendedTable, Member], Parts]] = {
    "network": _network,
    "trees": _trees,
    "additive": _additive,
}
