"""Blocks of lines to train, validation and test."""

import random
from collections.abc import Sequence

from components.core.errors import CasebookError
from components.core.job import TEST, TRAIN, VALIDATION
from components.recipes.conversion.params.pinyin import BlockSplit
from components.recipes.shared.smoke import some_of

ORDER = (TRAIN, VALIDATION, TEST)
LEAST = 2  # blocks of a split that a sample leaves
ROUNDING = 1e-9  # 1 - 0.05 - 0.05 is a little less than 0.9


def split_lines(lines: int, split: BlockSplit, file: str) -> list[str]:
    """The split of each block: line n, from 1, is in block (n - 1) // split.lines.

    Raises:
        CasebookError: there are so few blocks that a split gets none.
    """
    count = -(-lines // split.lines)
    order = list(range(count))
    random.Random(split.seed).shuffle(order)  # noqa: S311
    validation, test = (int(count * share + ROUNDING) for share in (1 - split.validation - split.test, 1 - split.test))
    places = [*[TRAIN] * validation, *[VALIDATION] * (test - validation), *[TEST] * (count - test)]
    if absent := [name for name in ORDER if name not in places]:
        raise CasebookError(
            f"{file}: its {lines} line(s) make {count} block(s) of prepare.split.lines {split.lines}, which leaves "
            f"{' and '.join(absent)} without any; use smaller blocks, larger shares or more lines"
        )
    by_block = dict(zip(order, places, strict=True))
    return [by_block[block] for block in range(count)]


def some_blocks(places: Sequence[str], most: int) -> set[int]:
    """About so many blocks, each split having its share of them, and no fewer than `LEAST` where it has them."""
    found: set[int] = set()
    for name in ORDER:
        own = [block for block, place in enumerate(places) if place == name]
        found.update(some_of(own, max(LEAST, most * len(own) // len(places))))
    return found
