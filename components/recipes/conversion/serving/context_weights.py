"""Weights of contexts, fitted on readings by models that had not seen the text (after Roark et al., ACL 2004)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.recipes.conversion.params.search import ContextParams
from components.recipes.conversion.serving.contexts import Contexts, features_of, telling
from components.recipes.conversion.serving.decoder import Decoder
from components.recipes.conversion.serving.lattice import ranges, stretches
from components.recipes.conversion.serving.rescore import FEATURES, Feature
from components.recipes.conversion.serving.weights import Examples, clauses_of, find, fit_weights, joined, likeliest

OTHERS: tuple[Feature, ...] = tuple(name for name in FEATURES if name not in ("context", "learner"))
FIRST_SQUARE = 1e-8  # of a slope, before any is seen


@dataclass(frozen=True)
class HeldOut:
    """Readings of clauses that the models had not seen; the slots of example r are `slot[begin[r]:begin[r + 1]]`."""

    examples: Examples
    slot: np.ndarray  # (F,) int32
    begin: np.ndarray  # (R + 1,)


def hold_out(decoder: Decoder, sequences: Sequence[np.ndarray], texts: Sequence[str], bits: int) -> HeldOut:
    """What the decoder finds for clauses of syllable numbers whose characters are `texts`."""
    examples, slots, counts = [], [], []
    for found in find(decoder, sequences, texts):
        clause = np.unique(found.examples.clause, return_inverse=True)[1]
        asked = telling(features_of(decoder.models.vocabulary, found.word, found.start, bits), clause, bits)
        order = np.argsort(asked.reading, kind="stable")
        slots.append(asked.slot[order].astype(np.int32))
        counts.append(np.bincount(asked.reading, minlength=len(clause)))
        examples.append(found.examples)
    return HeldOut(joined(examples), np.concatenate(slots), np.concatenate([[0], np.cumsum(np.concatenate(counts))]))


def fit_contexts(held: Sequence[HeldOut], params: ContextParams, *, penalty: float, seed: int) -> Contexts:
    """Weights under which the reading with the most right characters is the likeliest of its clause, beside what the
    other models say, themselves weighed with `penalty`.
    """
    every = [replace(one.examples, clause=one.examples.clause * len(held) + k) for k, one in enumerate(held)]
    weights = fit_weights(joined(every), OTHERS, penalty=penalty)
    texts = [_Text(one, np.array([weights.get(name, 0.0) for name in FEATURES])) for one in held]
    descent = _AdaGrad(1 << params.bits, params.lr)
    generator = np.random.default_rng(seed)
    for _ in range(params.epochs):
        for text, clauses in _dealt(texts, params.batch, generator):
            descent.step(*text.slope(clauses, descent.weights))
    return Contexts(descent.weights)


class _Text:
    """Held-out readings by clause; `base (R,)` is what the other models say."""

    def __init__(self, held: HeldOut, weights: np.ndarray) -> None:
        self.held, examples = held, held.examples
        self.first, self.owner = clauses_of(examples.clause)
        self.size = stretches(examples.clause)[1]
        self.best = likeliest(examples.right, self.first, self.owner)
        self.base = (examples.values - examples.values[self.first][self.owner]) @ weights
        self.several = np.flatnonzero(self.size > 1)  # where there is something to choose

    def slope(self, clauses: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the log loss of some clauses by the weights that take part: their slots, and the slopes."""
        size = self.size[clauses]
        readings = ranges(self.first[clauses], size)
        count = np.diff(self.held.begin)[readings]
        slot = self.held.slot[ranges(self.held.begin[readings], count)]
        owner = np.repeat(np.arange(len(readings)), count)
        score = self.base[readings] + np.bincount(owner, weights[slot], len(readings))
        start = np.cumsum(size) - size
        share = np.exp(score - np.repeat(np.maximum.reduceat(score, start), size))
        share /= np.repeat(np.add.reduceat(share, start), size)
        share[start + self.best[clauses] - self.first[clauses]] -= 1
        used, place = np.unique(slot, return_inverse=True)
        return used, np.bincount(place, share[owner], len(used))


class _AdaGrad:
    """Duchi et al. (2011): the more a weight has moved, the less it moves."""

    def __init__(self, size: int, lr: float) -> None:
        self.weights, self.squares = np.zeros(size, np.float32), np.full(size, FIRST_SQUARE, np.float32)
        self.lr = lr

    def step(self, slot: np.ndarray, slope: np.ndarray) -> None:
        self.squares[slot] += slope**2
        self.weights[slot] -= self.lr * slope / np.sqrt(self.squares[slot])


def _dealt(texts: Sequence[_Text], batch: int, generator: np.random.Generator) -> Iterator[tuple[_Text, np.ndarray]]:
    """Clauses in batches, in another order each time."""
    dealt = [
        (text, some)
        for text in texts
        if len(text.several)
        for some in np.array_split(generator.permutation(text.several), -(-len(text.several) // batch))
    ]
    for place in generator.permutation(len(dealt)).tolist():
        yield dealt[place]
