"""All rows of a call, or of a file, beside those of training: whether they are written in another way.

They are where too many cells of a column cannot be read, where most of its values are none that training had, or where
its median is ten, a hundred or a thousand times training's. A single strange cell is a remark.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from components.kits.tables.encoding.known import Asked, Known, Mark
from components.kits.tables.encoding.values import Values

UNREADABLE_CELLS = 3  # fewer are a slip of the pen, whatever their share, unless the column has no others
JUDGED_CELLS = 20  # of fewer, neither a share nor a median says anything
POWERS = (1, 2, 3)  # of ten: what a separator of thousands or decimals, another unit or per cent make of a median
ABOUT = 0.1  # in the logarithm to 10, so within a quarter
SAMPLED = 5_000  # rows whose medians are taken: one file is as large as another to the memory
EXAMPLES = 3


@dataclass(frozen=True)
class Remark:
    """What is strange about a column; `stops` says that the rows are not to be answered unless the user says so."""

    column: str
    text: str
    stops: bool


class Tally:
    """Counts of strange cells, kept while rows pass by."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._filled: Counter[str] = Counter()
        self._marked: Counter[tuple[str, str, str]] = Counter()
        self._examples: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
        self._rows = EvenSample()

    def add(self, asked: Asked) -> None:
        for name, values in asked.typed.items():
            self._filled[name] += _filled(values)
        for mark in asked.marks:
            count = int(mark.where.sum())
            key = (mark.column, mark.kind, mark.detail)
            self._marked[key] += count
            if mark.kind in ("unreadable", "ruled"):  # they are missing among the typed values
                self._filled[mark.column] += count
            self._keep_examples(key, asked, mark)
        self._rows.add(asked.encoded.raw)

    def _keep_examples(self, key: tuple[str, str, str], asked: Asked, mark: Mark) -> None:
        found = self._examples[key]
        for row in np.flatnonzero(mark.where)[: 10 * EXAMPLES].tolist():
            if len(found) == EXAMPLES:
                return
            found[asked.shown(mark, row)] = None

    @property
    def unreadable(self) -> bool:
        """Whether some column has so many unreadable cells that their share counts."""
        found = ((name, n) for (name, kind, _), n in self._marked.items() if kind == "unreadable")
        return any(_counts(n, self._filled[name]) for name, n in found)

    def remarks(self, max_unreadable: float) -> list[Remark]:
        """One for each column with a strange cell, in the columns' order."""
        medians = self._medians()
        found = []
        for name, filled in self._filled.items():
            counts = {key: count for key, count in self._marked.items() if key[0] == name and count}
            outside = sum(count for (_, kind, _), count in counts.items() if kind != "unreadable")
            strange = filled >= JUDGED_CELLS and outside > filled / 2
            parts = [self._part(key, count, filled, max_unreadable) for key, count in counts.items()]
            stops = [unread for _, unread in parts] + [strange]
            texts = [text for text, _ in parts]
            if filled >= JUDGED_CELLS and name in medians:
                texts.append(medians[name])
                stops.append(True)
            if texts:
                found.append(Remark(name, "; ".join(texts), any(stops)))
        return found

    def _part(self, key: tuple[str, str, str], count: int, filled: int, most: float) -> tuple[str, bool]:
        """The text, and whether so many cells cannot be read that it stops."""
        name, kind, detail = key
        of, such = f"{count:,} of {filled:,}", f", such as {_listed(self._examples[key])}"
        if kind == "unreadable":
            share = count / filled
            stops = _counts(count, filled) and share > most
            limit = f" ({share:.1%}; predict.max_unreadable allows {most:.1%})" if stops else ""
            return f"{of} cells cannot be read and count as missing{limit}{such}", stops
        if kind == "ruled":
            return f"{of} cells are {detail} and count as missing{such}", False
        if kind == "unseen":
            return f"{of} cells are of classes that training did not have and score as rare ones{such}", False
        place = self._known.places[name]
        low, high = self._known.lowest[place], self._known.highest[place]
        return f"{of} values lie outside training's {low:.12g} to {high:.12g}{such}", False

    def _medians(self) -> dict[str, str]:
        """What is said of each column whose median is about 10, 100 or 1,000 times training's, or as much less."""
        rows, found = self._rows.rows, {}
        for name, place in self._known.places.items():
            values = rows[:, place][~np.isnan(rows[:, place])]
            before, now = float(self._known.middle[place]), float(np.median(values)) if len(values) else 0.0
            if before * now <= 0:
                continue
            power = np.log10(now / before)
            if abs(abs(power) - round(abs(power))) <= ABOUT and round(abs(power)) in POWERS:
                times, than = f"{10 ** round(abs(power)):,}", "more" if power > 0 else "less"
                found[name] = f"the median is {now:.6g}, about {times} times {than} than training's {before:.6g}"
        return found


class EvenSample:
    """Every so-manieth row of numbers (N, F) that pass by, at most twice `SAMPLED` of them."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._step, self._seen, self._held = 1, 0, 0

    def add(self, rows: np.ndarray) -> None:
        kept = rows[-self._seen % self._step :: self._step]
        self._parts.append(kept)
        self._seen += len(rows)
        self._held += len(kept)
        while self._held > 2 * SAMPLED:
            self._parts = [self.rows[::2].copy()]
            self._step *= 2
            self._held = len(self._parts[0])

    @property
    def rows(self) -> np.ndarray:
        return np.concatenate(self._parts) if self._parts else np.empty((0, 0))


def _counts(unreadable: int, filled: int) -> bool:
    """Whether the share of unreadable cells says something of the column."""
    return unreadable >= UNREADABLE_CELLS or unreadable == filled > 0


def _filled(values: Values) -> int:
    """How many of the values (N,) are not missing."""
    if isinstance(values, pa.Array):
        return len(values) - values.null_count
    return int(len(values) - (np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)).sum())


def _listed(words: dict[str, None]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
