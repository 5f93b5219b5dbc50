"""Lines as they are typed to lines with characters, in the way that a person asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from components.recipes.conversion.encoding.near import Near
from components.recipes.conversion.encoding.normalise import Illegal, Normalised, normalise
from components.recipes.conversion.encoding.syllables import Syllabary
from components.recipes.conversion.serving.asked import Asked
from components.recipes.conversion.serving.decoder import Candidate, Decoder
from components.recipes.conversion.serving.lines import Run, WrongTone, read_runs, wrong_tones
from components.recipes.conversion.serving.memory import Memory
from components.recipes.conversion.serving.models import ConversionModels, ConversionSettings
from components.recipes.conversion.serving.parts import chained
from components.recipes.conversion.serving.runs import RunReader
from components.recipes.conversion.serving.user_words import longer_table, read_words, with_words


@dataclass(frozen=True)
class Conversion:
    """`alternatives` are the best texts with the log of the share of each; `text` and `score` are the first. So many
    `invisible` characters of the line were dropped. `wrong` are syllables whose tone no character has.
    """

    text: str
    score: float
    alternatives: tuple[Candidate, ...]
    illegal: tuple[Illegal, ...]
    invisible: int = 0
    wrong: tuple[WrongTone, ...] = ()
    toned: bool = False  # whether a tone was typed

    @property
    def remarks(self) -> tuple[Illegal | WrongTone, ...]:
        return (*self.illegal, *self.wrong)


class Converter:
    """Converts lines one after another; where `asked.context` it remembers what it answered."""

    def __init__(self, models: ConversionModels, settings: ConversionSettings, asked: Asked) -> None:
        self.models, self.asked = models, asked
        self.syllabary = Syllabary(models.candidates.syllables)
        self.input = settings.input
        if asked.abbreviations:
            self.input = settings.input.model_copy(update={"abbreviations": True})
        self.near = None
        if asked.fuzzy or asked.typos:
            self.near = Near(models.candidates.syllables, asked.fuzzy, slips=asked.typos)
        self.parts, self.n_best = settings.parts, settings.n_best
        longest = len(settings.search.caps)
        self.words = () if asked.words is None else read_words(asked.words, self.syllabary, longest)

    def convert(self, lines: Sequence[str], n_best: int | None = None) -> list[Conversion]:
        """An answer for each line, whatever it is, with at most `n_best` alternatives."""
        count = n_best or self.n_best
        if self.memory is None:
            return self._converted(lines, count)
        found = []
        for line in lines:
            found += self._converted([line], count)
            self.memory.add(found[-1].text)
        return found

    @cached_property
    def runs(self) -> RunReader:
        return RunReader(self._decoder, self._toned_decoder, self.parts)

    @cached_property
    def memory(self) -> Memory | None:
        favoured = self._decoder.favoured
        if not self.asked.context or favoured is None:
            return None
        return Memory(self._decoder.models.vocabulary, favoured)

    @cached_property
    def _decoder(self) -> Decoder:
        """With what the person has said of words; what is remembered is written where it looks."""
        decoder = self.models.decoder
        if self.words:
            decoder = with_words(decoder, self.words, self.models.candidates, self.models.characters)
        if self.asked.context and decoder.favoured is None:
            decoder = replace(decoder, favoured=np.zeros(len(decoder.models.vocabulary.texts)))
        return decoder

    def _toned_decoder(self) -> Decoder:
        """With all words: those that a tone leaves may be the rarest of their syllables."""
        decoder, table = self._decoder, self.models.all_arcs
        if self.words:
            first = len(self.models.vocabulary.texts)
            table = longer_table(table, self.words, self.models.candidates, first)
        return replace(decoder, table=table, tones=self.models.tones)

    def _converted(self, lines: Sequence[str], count: int) -> list[Conversion]:
        candidates, tones = self.models.candidates, self.models.tones
        pieces: list[list[str | Run]] = []
        read: list[Normalised] = []
        for line in lines:
            normalised = normalise(line, self.syllabary, self.input, self.near)
            pieces.append(list(read_runs(normalised, candidates, tones)))
            read.append(normalised)
        runs = [piece for line in pieces for piece in line if isinstance(piece, Run)]
        texts = iter(self.runs.texts(runs, count))
        answers = [[next(texts) if isinstance(piece, Run) else [(piece, 0.0)] for piece in line] for line in pieces]
        return [self._conversion(chained(parts, count), line) for parts, line in zip(answers, read, strict=True)]

    def _conversion(self, texts: Sequence[Candidate], line: Normalised) -> Conversion:
        wrong = tuple(wrong_tones(line, self.models.candidates, self.models.tones))
        return Conversion(*texts[0], tuple(texts), line.illegal, line.invisible, wrong, line.toned)
