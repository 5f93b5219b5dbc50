"""A predictor of a table made quick for a server: of few rows it answers the same for a fraction of the time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from components.kits.tables.asked import AskedTable
from components.kits.tables.encoding.known import Asked
from components.kits.tables.encoding.replace import Replacements
from components.kits.tables.explain import Scored
from components.kits.tables.learning.members import BlendedTable
from components.kits.tables.quick.cells import QuickReader
from components.kits.tables.quick.encoding import QuickEncoder, QuickReplacements
from components.kits.tables.quick.members import quick_scores

Rows = Sequence[Mapping[str, Any]]
REPLACED = ("reference", "references", "typical")  # what predictors call the values that explanations put in


def quicken(predictor: AskedTable) -> Callable[[Rows], Asked]:
    """Have the predictor compute what belongs together at once. Returns how rows of JSON are looked at."""
    encoder = QuickEncoder.of(predictor.encoder)
    predictor.encoder = encoder
    for name in REPLACED:
        if hasattr(type(predictor), name):
            found = getattr(predictor, name)
            several = isinstance(found, list)
            quick = [_quick(one, encoder) for one in (found if several else [found])]
            vars(predictor)[name] = quick if several else quick[0]
    if isinstance(predictor, BlendedTable):
        vars(predictor)["member_scores"] = quick_scores(predictor)
    reader = QuickReader(predictor.reader, encoder.categorical)

    def look(rows: Rows) -> Asked:
        cells, read = reader.look(rows)
        return predictor.known.asked(cells, read, encoder.encode_rows(read.typed))

    return look


def _quick(found: Any, encoder: QuickEncoder) -> Any:
    return QuickReplacements.of_plain(found, encoder) if isinstance(found, Replacements) else found


class Whole(Scored):
    """Rows of which all are taken as they are."""

    def take(self, index: np.ndarray) -> Scored:
        return self if len(index) == len(self.score) else super().take(index)
