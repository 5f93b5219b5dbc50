"""Learner's graph: log p of each character that each syllable of clauses can be read as."""

from collections.abc import Iterator, Sequence

import numpy as np

from components.core.bundle import Bundle
from components.recipes.conversion.encoding.windows import read_windows
from components.recipes.conversion.serving.arcs import Candidates

CELLS = 4096  # syllables of a batch of the network, with what fills clauses up: larger ones leave the processor's cache

Places = tuple[np.ndarray, np.ndarray, np.ndarray]  # of syllables: among all, and their row and column in a batch


class LearnerScorer:
    """An ONNX graph: `syllables (B, L)` int64 numbers, 0 past a clause's end, and `hashed (B, L, W)` int64 ids of the
    n-grams around each, to `logits (B, L, C)`, whose column j is the syllable's j-th candidate.
    """

    def __init__(self, bundle: Bundle, graph: str, candidates: Candidates) -> None:
        self.session = bundle.session(graph)
        self.inputs = {put.name for put in self.session.get_inputs()}
        self.windows = read_windows(bundle.folder)
        sizes = np.array([0, *map(len, candidates.characters)])
        self.missing = np.arange(candidates.most) >= sizes[:, None]

    def log_p(self, sequences: Sequence[np.ndarray]) -> np.ndarray:
        """`(N, C)` float32 for the N syllables of all clauses, end to end; minus infinity past the last candidate."""
        flat, _ = _end_to_end(sequences)
        found = np.empty((len(flat), self.missing.shape[1]), np.float32)
        for (at, row, column), feed in self.feeds(sequences):
            logits = self.session.run(["logits"], feed)[0]
            found[at] = logits[row, column, : found.shape[1]]
        found[self.missing[flat]] = -np.inf
        found -= found.max(axis=1, keepdims=True, initial=-np.inf)
        found -= np.log(np.exp(found).sum(axis=1, keepdims=True))
        return found

    def feeds(self, sequences: Sequence[np.ndarray]) -> Iterator[tuple[Places, dict[str, np.ndarray]]]:
        """What the graph is given, a batch at a time, and which of the N syllables stand where in it."""
        flat, start = _end_to_end(sequences)
        ids, lengths = self.windows.ids(flat, start).astype(np.int64), np.diff(start)
        for rows in _batches(lengths):
            longest = int(lengths[rows].max())
            row, column = np.nonzero(np.arange(longest) < lengths[rows][:, None])
            at = start[rows][row] + column
            feed = {
                "syllables": np.zeros((len(rows), longest), np.int64),
                "hashed": np.zeros((len(rows), longest, ids.shape[1]), np.int64),
            }
            feed["syllables"][row, column], feed["hashed"][row, column] = flat[at], ids[at]
            yield (at, row, column), {name: feed[name] for name in self.inputs}


def _end_to_end(sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All syllables `(N,)`, and where each clause begins, `(S + 1,)`."""
    lengths = np.array([len(one) for one in sequences], np.int64)
    return np.concatenate([*sequences, np.zeros(0, np.int64)]), np.concatenate([[0], np.cumsum(lengths)])


def _batches(lengths: np.ndarray) -> list[np.ndarray]:
    """Clauses of like lengths, at most `CELLS` syllables together or one clause."""
    order = np.argsort(lengths, kind="stable")
    batches: list[list[int]] = []
    for clause in order.tolist():
        if not batches or (len(batches[-1]) + 1) * lengths[clause] > CELLS:
            batches.append([])
        batches[-1].append(clause)
    return [np.array(batch) for batch in batches]
