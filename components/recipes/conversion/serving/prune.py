"""Arcs that no good reading uses, found by the words' own probabilities alone and left out before a search."""

import numpy as np

from components.recipes.conversion.serving.lattice import Lattice


def max_marginals(lattice: Lattice, score: np.ndarray) -> np.ndarray:
    """For each arc the score of the best reading through it, minus that of the clause's best: `(A,)`, at most 0.

    A reading's score is the sum of its arcs' `score (A,)` (the max-plus forward-backward algorithm, in
    time linear in the arcs).
    """
    nodes = len(lattice.lengths) * (lattice.steps + 1)
    forward, backward = np.full(nodes, -np.inf), np.full(nodes, -np.inf)
    clauses = np.arange(len(lattice.lengths))
    forward[lattice.node(clauses, 0)] = 0
    backward[lattice.node(clauses, lattice.lengths)] = 0
    begin, end = lattice.node(lattice.clause, lattice.start), lattice.node(lattice.clause, lattice.stop)
    for place in range(1, lattice.steps + 1):
        arcs = lattice.stopping(place)
        np.maximum.at(forward, end[arcs], forward[begin[arcs]] + score[arcs])
    for place in range(lattice.steps, 0, -1):
        arcs = lattice.stopping(place)
        np.maximum.at(backward, begin[arcs], backward[end[arcs]] + score[arcs])
    best = forward[lattice.node(clauses, lattice.lengths)]
    through: np.ndarray = forward[begin] + score + backward[end] - best[lattice.clause]
    return through
