"""Answers to parts of lines, put together to the best answers to whole lines."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from components.recipes.conversion.params.search import PartParams
from components.recipes.conversion.serving.decoder import Candidate


@dataclass(frozen=True)
class Way:
    """Syllables that a part may consist of, with the log of their chance, and their `tones`, where some were typed;
    those from `first` to before `last` count.
    """

    chance: float
    syllables: np.ndarray
    first: int
    last: int
    tones: np.ndarray | None = None


def cut(syllables: np.ndarray, settings: PartParams, tones: np.ndarray | None = None) -> Iterator[Way]:
    """The parts of a run, in its order."""
    for start in range(0, len(syllables), settings.longest):
        stop = min(start + settings.longest, len(syllables))
        before = max(0, start - settings.context)
        there = slice(before, stop + settings.context)
        own = None if tones is None or not tones[there].any() else tones[there]
        yield Way(0.0, syllables[there], start - before, stop - before, own)


def united(ways: Sequence[Way], answers: Sequence[Sequence[Candidate]], n_best: int) -> list[Candidate]:
    """The best answers to one part, `answers[i]` being those to its i-th way; equal texts are one."""
    chance: dict[str, float] = {}
    for way, candidates in zip(ways, answers, strict=True):
        for text, share in candidates:
            kept = text[way.first : way.last]
            chance[kept] = float(np.logaddexp(chance.get(kept, -np.inf), way.chance + share))
    return sorted(chance.items(), key=lambda item: -item[1])[:n_best]


def chained(parts: Sequence[Sequence[Candidate]], n_best: int) -> list[Candidate]:
    """The best `n_best` ways to take one candidate of each part: their texts together, their logs summed."""
    # A text is a linked list until the end: thousands of parts would be copied thousands of times.
    best: list[tuple[float, tuple[object, str] | None]] = [(0.0, None)]
    for candidates in parts:
        longer = ((score + share, (head, text)) for score, head in best for text, share in candidates)
        best = heapq.nlargest(n_best, longer, key=lambda item: item[0])
    found: dict[str, float] = {}
    for score, link in best:
        texts: list[str] = []
        node: object = link
        while isinstance(node, tuple):
            node, text = node
            texts.append(text)
        found.setdefault("".join(reversed(texts)), score)
    return list(found.items())
