"""The best texts for runs of syllables of any length, also where it is open which syllables the letters are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from components.recipes.conversion.params.search import PartParams
from components.recipes.conversion.serving.decoder import Candidate, Decoder, batches
from components.recipes.conversion.serving.graphs import GraphReader
from components.recipes.conversion.serving.lines import Run
from components.recipes.conversion.serving.parts import Way, chained, cut, united

EDGE = 4  # places to which one more way to read a syllable comes


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

    def __init__(self, decoder: Decoder, toned: Callable[[], Decoder], settings: PartParams) -> None:
        """`toned` makes the decoder of what is typed with tones: it has words that are too rare for others."""
        self.decoder, self.settings = decoder, settings
        self.make_toned = toned
        self.graphs = _graphs(decoder, settings)

    @cached_property
    def toned(self) -> Decoder:
        return self.make_toned()

    @cached_property
    def toned_graphs(self) -> GraphReader:
        return _graphs(self.toned, self.settings)

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
                parts.append([_Part([way], []) for way in cut(run.numbers(), self.settings, run.tones())])
        self._abbreviated([(run, part) for run, part in graphs if run.abbreviated], n_best)
        self._several([(run, part) for run, part in graphs if not run.abbreviated])
        self._decode([part for run_parts in parts for part in run_parts if part.ways], n_best)
        return [chained([part.answers for part in run_parts], n_best) for run_parts in parts]

    def _abbreviated(self, graphs: Sequence[tuple[Run, _Part]], n_best: int) -> None:
        for some, decoder, reader in self._batched(graphs):
            found = decoder.answers(decoder.with_favours(reader.lattice([run for run, _ in some])), n_best)
            for (_, part), answers in zip(some, found, strict=True):
                part.answers = answers

    def _several(self, graphs: Sequence[tuple[Run, _Part]]) -> None:
        """The ways of each, by the chance of the readings that the lattice's beam ends with."""
        for some, decoder, reader in self._batched(graphs):
            lattice = decoder.with_favours(reader.lattice([run for run, _ in some]))
            lattice, readings = decoder.readings(lattice, decoder.search.rescored)
            syllables = lattice.syllables(readings.arcs).tolist()
            end = np.append(0, np.cumsum(lattice.size[readings.arcs]))[readings.start].tolist()
            chances: list[dict[tuple[int, ...], float]] = [{} for _ in some]
            for (start, stop), clause, score in zip(
                pairwise(end), readings.clause.tolist(), readings.score.tolist(), strict=True
            ):
                way = tuple(syllables[start:stop])
                chances[clause][way] = float(np.logaddexp(chances[clause].get(way, -np.inf), score))
            for (run, part), chance in zip(some, chances, strict=True):
                part.ways = _likeliest(chance, run, self.settings.ways)

    def _decode(self, parts: Sequence[_Part], n_best: int) -> None:
        ways = [way for part in parts for way in part.ways]
        plain = iter(self.decoder.candidates([way.syllables for way in ways if way.tones is None], n_best))
        typed = [(way.syllables, way.tones) for way in ways if way.tones is not None]
        toned = iter(self._toned(typed, n_best))
        for part in parts:
            answers = [next(plain if way.tones is None else toned) for way in part.ways]
            part.answers = united(part.ways, answers, n_best)

    def _toned(self, typed: Sequence[tuple[np.ndarray, np.ndarray]], n_best: int) -> list[list[Candidate]]:
        if not typed:
            return []  # the decoder is large, and most never need it
        return self.toned.candidates([one for one, _ in typed], n_best, [tones for _, tones in typed])

    def _batched(
        self, graphs: Sequence[tuple[Run, _Part]]
    ) -> Iterator[tuple[list[tuple[Run, _Part]], Decoder, GraphReader]]:
        """Those of like lengths, and what reads them."""
        for toned in (False, True):
            own = [one for one in graphs if one[0].toned == toned]
            # What memory a lattice takes is in proportion to its places, and to its edges where each has several.
            for rows in batches(np.array([max(run.length, EDGE * run.alternatives) for run, _ in own], np.int64)):
                some = [own[row] for row in rows]
                yield (some, self.toned, self.toned_graphs) if toned else (some, self.decoder, self.graphs)


def _graphs(decoder: Decoder, settings: PartParams) -> GraphReader:
    return GraphReader(decoder.table, decoder.models.words.unigram, settings.abbreviated, decoder.tones)


def _likeliest(chances: dict[tuple[int, ...], float], run: Run, most: int) -> list[Way]:
    total = float(np.logaddexp.reduce(list(chances.values())))
    best = sorted(chances.items(), key=lambda item: -item[1])[:most]
    return [Way(chance - total, np.array(way, np.int64), 0, len(way), run.tones_of(way)) for way, chance in best]
