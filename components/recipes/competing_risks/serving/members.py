"""What each member of the blend answers with. A member takes encoded rows (N) and gives cause-specific cumulative
hazards `(N, K, T)` at the bundle's grid of T times.
"""

from collections.abc import Iterable

import numpy as np

from components.core.bundle import Bundle
from components.kits.survival.serving.members import OPENERS, Curves
from components.kits.tables.encoding.encode import Encoded

NETWORK, CONSTANT = "network", "constant"


def open_member(
    bundle: Bundle, name: str, kind: str, causes: int, times: np.ndarray, edges: np.ndarray, sizes: Iterable[int]
) -> Curves:
    """Of a network, which knows all causes; of models of one cause each; or of what is the same for everybody."""
    if kind == CONSTANT:
        same = np.array(bundle.json(name)["cumulative"])
        return lambda encoded: np.broadcast_to(same, (len(encoded.numeric), *same.shape))
    if kind == NETWORK:
        return OPENERS[kind](bundle, name, times, edges, sizes)
    each = [OPENERS[kind](bundle, file_of(name, cause), times, edges, sizes) for cause in range(1, causes + 1)]
    return lambda encoded: together(each, encoded)


def file_of(name: str, cause: int) -> str:
    """What holds a model of one cause, without the suffix."""
    return f"{name}-{cause}"


def together(each: Iterable[Curves], encoded: Encoded) -> np.ndarray:
    return np.stack([one(encoded) for one in each], axis=1)
