"""Members of a cohort's blend as a server asks them: curves of a model together, all leaves of few rows together."""

from collections.abc import Callable, Iterable

import numpy as np
from scipy.interpolate import BSpline, PPoly

from components.core.bundle import Bundle
from components.kits.survival.serving.members import DEGREE, OPENERS, Curves, Spline, Trees
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.learning.additive import AdditiveModel, PiecewiseCubic
from components.kits.tables.quick.curves import QuickAdditive

AT_ONCE = 1_000_000  # numbers of leaves that are held together; beyond that they are added up tree by tree
Opener = Callable[[Bundle, str, np.ndarray, np.ndarray, Iterable[int]], Curves]


def open_quick(
    bundle: Bundle, name: str, kind: str, times: np.ndarray, edges: np.ndarray, sizes: Iterable[int]
) -> Curves:
    """As the opener of this kind in `OPENERS`, whose answers it gives to rounding."""
    return QUICK.get(kind, OPENERS[kind])(bundle, name, times, edges, sizes)


def _additive(bundle: Bundle, name: str, _times: np.ndarray, _edges: np.ndarray, _sizes: Iterable[int]) -> Curves:
    content = bundle.json(name)
    cubics = tuple(cubic(Spline.from_json(curve)) for curve in content["curves"])
    tables = tuple(np.array(table) for table in content["tables"])
    model = QuickAdditive(AdditiveModel(np.array(0.0), tuple(range(len(cubics))), cubics, tables))
    baseline = np.array(content["baseline"])
    return lambda encoded: np.exp(model.line(encoded.numeric, encoded.categorical))[:, None] * baseline


def _forest(bundle: Bundle, name: str, _times: np.ndarray, _edges: np.ndarray, sizes: Iterable[int]) -> Curves:
    return _added(bundle, name, sizes)


def _boosting(bundle: Bundle, name: str, _times: np.ndarray, _edges: np.ndarray, sizes: Iterable[int]) -> Curves:
    total, baseline = _added(bundle, name, sizes), np.array(bundle.json(name)["baseline"])
    return lambda encoded: np.exp(total(encoded)) * baseline


def _added(bundle: Bundle, name: str, sizes: Iterable[int]) -> Curves:
    trees, kept = Trees.read(bundle, name), tuple(sizes)
    return lambda encoded: added(trees, with_dummies(encoded.numeric, encoded.categorical, kept))


QUICK: dict[str, Opener] = {"additive": _additive, "forest": _forest, "boosting": _boosting}


def cubic(spline: Spline) -> PiecewiseCubic:
    """The same curve, by its powers on each interval; a straight line is one such piece that goes on to both sides."""
    if not len(spline.knots):
        return PiecewiseCubic(np.array([0.0, 1.0]), np.array([[0.0, 0.0, spline.coefficients[0], 0.0]]))
    pieces = PPoly.from_spline(BSpline(spline.knots, spline.coefficients, DEGREE))
    inner = slice(DEGREE, len(spline.knots) - DEGREE)
    return PiecewiseCubic(spline.knots[inner], pieces.c.T[DEGREE : len(spline.knots) - DEGREE - 1])


def added(trees: Trees, rows: np.ndarray) -> np.ndarray:
    """`(N, W) float32 -> (N, V)`: as the trees themselves answer, added up in one call where that is small."""
    if len(rows) * len(trees.roots) * trees.values.shape[1] > AT_ONCE:
        return trees(rows)
    place = np.broadcast_to(trees.roots, (len(rows), len(trees.roots)))
    which = np.arange(len(rows))[:, None]
    while True:
        goes_left = rows[which, trees.feature[place]] <= trees.threshold[place]
        ahead = np.where(goes_left, trees.left[place], trees.right[place])
        if np.array_equal(ahead, place):
            break
        place = ahead
    found: np.ndarray = trees.values[place].sum(axis=1, dtype=np.float64)
    return found
