"""Text of another kind than what is converted, of which the order of characters is learned, too."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.recipes.conversion.preparation.corpus import HANZI, read_lines
from components.recipes.shared.smoke import some_of

SHORTEST = 2  # characters in which there is an order
SCHEMA = pa.schema([("text", pa.string())])


def write_other_text(
    sources: Sequence[Path], target: Path, characters: Collection[str], most: int | None = None
) -> int:
    """Stretches of two or more hanzi of plain texts that have known `characters` alone, sorted; how many. Of more
    than `most` a sample.

    Each once, for in reviews and the like whole sentences are copied. They are held in memory.

    Raises:
        CasebookError: a file is missing, empty or not UTF-8, or nothing in it is kept.
    """
    known, kept = frozenset(characters), set[str]()
    for source in sources:
        found = {one for _, line in read_lines(source) for one in HANZI.findall(line) if len(one) >= SHORTEST}
        if not (legal := {one for one in found if known.issuperset(one)}):
            raise CasebookError(
                f"{source}: none of its {len(found)} stretches of hanzi is of the training text's characters alone; "
                "give a Chinese text in UTF-8, or take it out of prepare.other_text"
            )
        kept |= legal
    texts = sorted(kept) if most is None else some_of(sorted(kept), most)
    pq.write_table(pa.table([texts], schema=SCHEMA), target, compression="zstd")
    return len(texts)
