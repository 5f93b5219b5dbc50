"""Weights of what is known about readings, fitted on clauses whose characters are known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from components.recipes.conversion.serving.decoder import Decoder, batches, texts_of
from components.recipes.conversion.serving.lattice import stretches
from components.recipes.conversion.serving.rescore import FEATURES, Feature, features


@dataclass(frozen=True)
class Examples:
    """R readings of clauses, those of a clause together: their features, and how many of their characters are right."""

    values: np.ndarray  # (R, F)
    clause: np.ndarray  # (R,)
    right: np.ndarray  # (R,)
    length: np.ndarray  # (R,), characters

    def select(self, kept: np.ndarray) -> "Examples":
        return Examples(self.values[kept], self.clause[kept], self.right[kept], self.length[kept])


@dataclass(frozen=True)
class Found:
    """Examples, and their words: symbols `word (W,)`, those of example r from `start[r]` on, `start (R + 1,)`."""

    examples: Examples
    word: np.ndarray
    start: np.ndarray


def find(decoder: Decoder, sequences: Sequence[np.ndarray], texts: Sequence[str]) -> Iterator[Found]:
    """The readings that the beam ends with for clauses of syllable numbers whose characters are `texts`, those of like
    lengths at a time.
    """
    for rows in batches(np.array([len(one) for one in sequences])):
        lattice, readings = decoder.readings(decoder.lattice([sequences[row] for row in rows]), decoder.search.rescored)
        answers = texts_of(lattice, readings, decoder.models.vocabulary)
        clause = np.array(rows)[readings.clause]
        right = [sum(map(str.__eq__, answer, texts[row])) for answer, row in zip(answers, clause.tolist(), strict=True)]
        values = features(lattice, readings, decoder.models)
        examples = Examples(values, clause, np.array(right), np.array([len(answer) for answer in answers]))
        yield Found(examples, lattice.word[readings.arcs], readings.start)


def collect(decoder: Decoder, sequences: Sequence[np.ndarray], texts: Sequence[str]) -> Examples:
    """All that `find` finds."""
    return joined([one.examples for one in find(decoder, sequences, texts)])


def joined(examples: Sequence[Examples]) -> Examples:
    return Examples(
        np.concatenate([one.values for one in examples]),
        np.concatenate([one.clause for one in examples]),
        np.concatenate([one.right for one in examples]),
        np.concatenate([one.length for one in examples]),
    )


def fit_weights(examples: Examples, names: Sequence[Feature], *, penalty: float) -> dict[Feature, float]:
    """Weights of the features `names` under which a clause's best reading, that with the most right characters, is
    likeliest among all of the clause: logistic regression, or a log-linear model.

    `penalty` times the sum of the squared weights, of features scaled to deviate by 1, is added to the
    loss per clause (nats).
    """
    first, owner = clauses_of(examples.clause)
    values = examples.values[:, [FEATURES.index(name) for name in names]]
    values = values - values[first][owner]  # what all readings of a clause share says nothing
    deviation = values.std(axis=0) + 1e-9
    scaled = values / deviation
    best = likeliest(examples.right, first, owner)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = scaled @ weights
        score -= np.maximum.reduceat(score, first)[owner]
        share = np.exp(score)
        total = np.add.reduceat(share, first)
        share /= total[owner]
        value = np.log(total).sum() - score[best].sum()
        slope = share @ scaled - scaled[best].sum(axis=0)
        return value / len(first) + penalty * weights @ weights, slope / len(first) + 2 * penalty * weights

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x
    return dict(zip(names, (found / deviation).tolist(), strict=True))


def clauses_of(clause: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first reading of each clause, and the place of each reading's clause among them."""
    first, size = stretches(clause)
    return first, np.repeat(np.arange(len(first)), size)


def likeliest(right: np.ndarray, first: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """The reading of each clause with the most right characters, of equal ones the first."""
    at = np.flatnonzero(right == np.maximum.reduceat(right, first)[owner])
    found: np.ndarray = at[np.unique(owner[at], return_index=True)[1]]
    return found
