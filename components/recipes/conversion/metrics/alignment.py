"""Which character of an answer stands for which of its reference, and how many edits lie between them.

Edits are insertions, deletions and substitutions of one code point each (Levenshtein, 1966). Among
alignments with the fewest edits, those that keep the most characters count: "ab" for "ba" is two
edits either way, and keeps one character if one is moved, none if both are replaced.
"""

from collections.abc import Iterator, Sequence

import numpy as np

CELLS = 1_000_000  # of the rows of edit tables held at once
PADDING = {"reference": -1, "answer": -2}  # no code point, and they never match


def code_points(text: str) -> np.ndarray:
    """The text's characters as numbers (L,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)


def edit_counts(references: Sequence[str], answers: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The fewest edits (N,) from each reference to its answer, and the reference characters (N,) then kept."""
    edits, kept = np.zeros(len(references), np.int64), np.array([len(text) for text in references], np.int64)
    differ = [row for row, (one, other) in enumerate(zip(references, answers, strict=True)) if one != other]
    for rows in _batches(differ, [max(len(references[row]), len(answers[row])) for row in differ]):
        unit = 1 + max(max(len(references[row]), len(answers[row])) for row in rows)
        cost = _costs([references[row] for row in rows], [answers[row] for row in rows], unit)
        edits[rows] = -(-cost // unit)
        kept[rows] = edits[rows] * unit - cost
    return edits, kept


def aligned(reference: str, answer: str) -> list[tuple[str, str]]:
    """Pairs of characters in order; "" opposite a character that was added or dropped.

    Texts of equal length are taken place by place: a character answers a syllable, wherever else it
    might fit. Others are aligned with the fewest edits, and then with the most characters kept.
    """
    if len(reference) == len(answer):
        return list(zip(reference, answer, strict=True))
    unit = 1 + max(len(reference), len(answer))
    matches = code_points(reference)[:, None] == code_points(answer)[None, :]
    rows = [_first_row(1, len(answer), unit)]
    for place in range(len(reference)):
        rows.append(_next_row(rows[-1], matches[place][None], unit))
    return _traced(reference, answer, np.concatenate(rows), matches, unit)


def _traced(reference: str, answer: str, table: np.ndarray, matches: np.ndarray, unit: int) -> list[tuple[str, str]]:
    i, j = len(reference), len(answer)
    pairs = []
    while i or j:
        if i and j and table[i, j] == table[i - 1, j - 1] + (-1 if matches[i - 1, j - 1] else unit):
            i, j = i - 1, j - 1
            pairs.append((reference[i], answer[j]))
        elif i and table[i, j] == table[i - 1, j] + unit:
            i -= 1
            pairs.append((reference[i], ""))
        else:
            j -= 1
            pairs.append(("", answer[j]))
    return pairs[::-1]


def _costs(references: Sequence[str], answers: Sequence[str], unit: int) -> np.ndarray:
    """Edits * unit - kept (N,) of the best alignments; one step for all texts at a time."""
    one, other = _padded(references, PADDING["reference"]), _padded(answers, PADDING["answer"])
    ends = np.array([len(text) for text in answers])
    lengths = np.array([len(text) for text in references])
    row = _first_row(len(references), other.shape[1], unit)
    cost = row[np.arange(len(row)), ends]
    for place in range(one.shape[1]):
        row = _next_row(row, one[:, place, None] == other, unit)
        ended = np.flatnonzero(lengths == place + 1)
        cost[ended] = row[ended, ends[ended]]
    return cost


def _first_row(texts: int, length: int, unit: int) -> np.ndarray:
    return np.tile(unit * np.arange(length + 1, dtype=np.int64), (texts, 1))


def _next_row(row: np.ndarray, matches: np.ndarray, unit: int) -> np.ndarray:
    """The next row (N, J + 1) of N edit tables, from where the reference's character matches (N, J)."""
    after = row + unit  # the character is dropped
    np.minimum(after[:, 1:], row[:, :-1] + np.where(matches, -1, unit), out=after[:, 1:])
    # Any number of characters may be added after each place: a running minimum, once their cost is taken off.
    added = unit * np.arange(row.shape[1])
    return np.minimum.accumulate(after - added, axis=1) + added


def _padded(texts: Sequence[str], padding: int) -> np.ndarray:
    table = np.full((len(texts), max(len(text) for text in texts)), padding, np.int64)
    for row, text in enumerate(texts):
        table[row, : len(text)] = code_points(text)
    return table


def _batches(rows: list[int], lengths: list[int]) -> Iterator[list[int]]:
    """Rows of like length together, so that little of a table is padding."""
    order = np.argsort(lengths, kind="stable")
    batch: list[int] = []
    for place in order:
        if batch and (len(batch) + 1) * (lengths[place] + 1) > CELLS:
            yield batch
            batch = []
        batch.append(rows[place])
    if batch:
        yield batch
