"""Baselines: what each model of a bundle answers by itself, the rows of a table beside the whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from components.recipes.conversion.serving.beam import Readings, beam_search
from components.recipes.conversion.serving.decoder import batches, texts_of
from components.recipes.conversion.serving.lattice import Lattice, lattice_of
from components.recipes.conversion.serving.models import ConversionModels
from components.recipes.conversion.serving.viterbi import best_readings
from components.recipes.conversion.serving.vocabulary import Vocabulary

Clauses = Sequence[np.ndarray]


def word_bigram(models: ConversionModels, clauses: Clauses) -> list[str]:
    """Exactly the best words under word bigrams."""
    decoder = models.decoder

    def search(lattice: Lattice) -> Readings:
        return best_readings(lattice, decoder.search.other * lattice.other, decoder.models.words)

    return _answers(clauses, lambda some: lattice_of(some, decoder.table), search, models.vocabulary)


def char_trigram(models: ConversionModels, clauses: Clauses) -> list[str]:
    """A beam over character trigrams."""
    table, vocabulary = models.character_arcs, models.character_vocabulary
    ngrams, settings = models.models.characters, models.settings.characters

    def search(lattice: Lattice) -> Readings:
        local = models.decoder.search.other * lattice.other
        return beam_search(lattice, local, ngrams, vocabulary.spelling, settings, 1)

    return _answers(clauses, lambda some: lattice_of(some, table), search, vocabulary)


def lattice_alone(models: ConversionModels, clauses: Clauses) -> list[str]:
    """All that is served but the network."""
    found = replace(models.decoder, learner=None).candidates(clauses, 1)
    return [best[0][0] for best in found]


def learner_alone(models: ConversionModels, clauses: Clauses) -> list[str]:
    """The likeliest character of each syllable by itself; without a network the most frequent one."""
    characters = models.candidates.characters
    found = [""] * len(clauses)
    for rows in batches(np.array([len(one) for one in clauses])):
        some = [clauses[row] for row in rows]
        numbers = np.concatenate(some)
        place = models.learner.log_p(some).argmax(axis=1) if models.learner else np.zeros(len(numbers), np.int64)
        answer = "".join(
            characters[number - 1][at] for number, at in zip(numbers.tolist(), place.tolist(), strict=True)
        )
        end = np.cumsum([len(one) for one in some]).tolist()
        for row, start, stop in zip(rows, [0, *end], end, strict=False):
            found[row] = answer[start:stop]
    return found


BASELINES: Mapping[str, Callable[[ConversionModels, Clauses], list[str]]] = {
    "learner": learner_alone,
    "lattice": lattice_alone,
    "word_bigram": word_bigram,
    "char_trigram": char_trigram,
}


def _answers(
    clauses: Clauses,
    lattice_of_some: Callable[[Clauses], Lattice],
    search: Callable[[Lattice], Readings],
    vocabulary: Vocabulary,
) -> list[str]:
    found = [""] * len(clauses)
    for rows in batches(np.array([len(one) for one in clauses])):
        lattice = lattice_of_some([clauses[row] for row in rows])
        readings = search(lattice)
        for clause, text in zip(readings.clause.tolist(), texts_of(lattice, readings, vocabulary), strict=True):
            found[rows[clause]] = text
    return found
