"""The best texts for runs of syllables of any length, also where it is open which syllables the letters are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from components.recipes.conversion.params.search import PartParams
from components.recipes.conversion.serving.decoder import Candidate, Decoder, batches
from components.recipes.conversion.serving.graphs import GraphReader
from components.recipes.conversion.serving.lines import Run
from components.recipes.conversion.serving.parts import Way, chained, cut, united


@dataclass
class _Part:
    """A stretch of a run: the ways that it may be read in, or, where there are none, its `answers`."""

    ways: list[Way]
    answers: list[Candidate]


class RunReader:
    """Runs to texts.

    Spelled-out syllables are decoded with the learner. Where letters can be cut in several ways, the
    lattice weighs the ways, and each of the likeliest is decoded. Letters that stand for syllables are
    decoded by the lattice alone: the learner has to be told the syllables.
    """

    def __init__(self, decoder: Decoder, settings: PartParams) -> None:
        self.decoder, self.settings = decoder, settings
        self.graphs = GraphReader(decoder.table, decoder.models.words.unigram, settings.abbreviated)

    def texts(self, runs: Sequence[Run], n_best: int) -> list[list[Candidate]]:
        """At most `n_best` texts for each run with the log of their shares, best first."""
        parts: list[list[_Part]] = []
        graphs: list[tuple[Run, _Part]] = []
        for run in runs:
            if run.several or run.abbreviated:
                open_ = [(one, _Part([], [])) for one in run.parts(self.settings.longest)]
                graphs += open_
                parts.append([part for _, part in open_])
            else:
                parts.append([_Part([way], []) for way in cut(run.numbers(), self.settings)])
        self._abbreviated([(run, part) for run, part in graphs if run.abbreviated], n_best)
        self._several([(run, part) for run, part in graphs if not run.abbreviated])
        self._decode([part for run_parts in parts for part in run_parts if part.ways], n_best)
        return [chained([part.answers for part in run_parts], n_best) for run_parts in parts]

    def _abbreviated(self, graphs: Sequence[tuple[Run, _Part]], n_best: int) -> None:
        for some in _batched(graphs):
            found = self.decoder.answers(self.graphs.lattice([run for run, _ in some]), n_best)
            for (_, part), answers in zip(some, found, strict=True):
                part.answers = answers

    def _several(self, graphs: Sequence[tuple[Run, _Part]]) -> None:
        """The ways of each, by the chance of the readings that the lattice's beam ends with."""
        for some in _batched(graphs):
            lattice = self.graphs.lattice([run for run, _ in some])
            lattice, readings = self.decoder.readings(lattice, self.decoder.search.rescored)
            syllables = lattice.syllables(readings.arcs).tolist()
            end = np.append(0, np.cumsum(lattice.size[readings.arcs]))[readings.start].tolist()
            chances: list[dict[tuple[int, ...], float]] = [{} for _ in some]
            for (start, stop), clause, score in zip(
                pairwise(end), readings.clause.tolist(), readings.score.tolist(), strict=True
            ):
                way = tuple(syllables[start:stop])
                chances[clause][way] = float(np.logaddexp(chances[clause].get(way, -np.inf), score))
            for (_, part), chance in zip(some, chances, strict=True):
                part.ways = _likeliest(chance, self.settings.ways)

    def _decode(self, parts: Sequence[_Part], n_best: int) -> None:
        answers = iter(self.decoder.candidates([way.syllables for part in parts for way in part.ways], n_best))
        for part in parts:
            part.answers = united(part.ways, [next(answers) for _ in part.ways], n_best)


def _likeliest(chances: dict[tuple[int, ...], float], most: int) -> list[Way]:
    total = float(np.logaddexp.reduce(list(chances.values())))
    best = sorted(chances.items(), key=lambda item: -item[1])[:most]
    return [Way(chance - total, np.array(way, np.int64), 0, len(way)) for way, chance in best]


def _batched(graphs: Sequence[tuple[Run, _Part]]) -> list[list[tuple[Run, _Part]]]:
    rows = batches(np.array([run.length for run, _ in graphs], np.int64))
    return [[graphs[row] for row in some] for some in rows]
