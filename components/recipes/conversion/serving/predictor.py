"""Pinyin to Chinese characters: lines as they are typed, or clauses of syllables. No torch."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from components.core.blocks import read_block
from components.core.bundle import Bundle, read_bundle
from components.core.errors import CasebookError
from components.core.opened import kept_open
from components.recipes.conversion.serving.asked import PLAIN, Asked
from components.recipes.conversion.serving.baselines import BASELINES
from components.recipes.conversion.serving.converter import Conversion, Converter
from components.recipes.conversion.serving.lines import spelled_run
from components.recipes.conversion.serving.models import ConversionModels, ConversionSettings
from components.recipes.conversion.serving.runs import RunReader

if TYPE_CHECKING:  # lines are answered without
    import pandas as pd

PINYIN_COLUMN = "pinyin"
COLUMNS = ("line", "rank", "text", "score")  # of answers: the line's number, its answers best first

Answer: TypeAlias = tuple[int, int, str, float]  # a row with these columns


class ConversionPredictor:
    """Lines to the same lines with characters for the pinyin in them.

    The score of an answer is the log of its share among the readings that were weighed, summed over the
    clauses of the line: exp(score) is how likely the model takes it to be.
    """

    TAKES: ClassVar[Literal["lines"]] = "lines"

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.settings = read_block(ConversionSettings, bundle.manifest.settings, "bundle.settings")
        self.models = ConversionModels(bundle, self.settings)
        self.syllabary = self._plain.syllabary

    def predict(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """Column `pinyin` to `text`, `score` and `illegal`: what was no pinyin and stayed, or has
        a tone that no character has, in words, "" for nothing.

        Raises:
            CasebookError: no such column, or a cell that is no text.
        """
        import pandas as pd

        if PINYIN_COLUMN not in rows:
            there = ", ".join(map(repr, rows.columns)) or "none"
            raise CasebookError(f"column {PINYIN_COLUMN!r} is missing; the columns there are: {there}")
        lines = rows[PINYIN_COLUMN].tolist()
        if other := [number for number, line in enumerate(lines, start=1) if not isinstance(line, str)]:
            raise CasebookError(
                f"column {PINYIN_COLUMN!r}: {len(other)} cell(s) are no text, such as {lines[other[0] - 1]!r} in row "
                f"{other[0]}; leave the row out, or give an empty text"
            )
        found = self.convert(lines, 1)
        return pd.DataFrame(
            {
                "text": pd.Series([one.text for one in found], dtype="str", index=rows.index),
                "score": pd.Series([one.score for one in found], dtype="float64", index=rows.index),
                "illegal": pd.Series(
                    ["; ".join(map(str, one.remarks)) for one in found], dtype="str", index=rows.index
                ),
            }
        )

    def answers_to(
        self,
        lines: Sequence[str],
        *,
        n_best: int = 1,
        abbreviations: bool = False,
        fuzzy: str | None = None,
        typos: bool = False,
        words: str | Path | None = None,
        context: bool = False,
    ) -> dict[str, Any]:
        """What `predict_file` writes of the lines into a table, by column, with the same options.

        Raises:
            CasebookError: `fuzzy` names no sounds, or the file of `words` has none.
        """
        options = {"abbreviations": abbreviations, "fuzzy": fuzzy, "typos": typos, "words": words, "context": context}
        answers = list(listed_answers(1, self.convert(lines, n_best, Asked.of(options))))
        return {name: [answer[place] for answer in answers] for place, name in enumerate(COLUMNS)}

    def convert(self, lines: Sequence[str], n_best: int | None = None, asked: Asked = PLAIN) -> list[Conversion]:
        """An answer for each line, whatever it is, with at most `n_best` alternatives."""
        return self.converter(asked).convert(lines, n_best)

    def converter(self, asked: Asked = PLAIN) -> Converter:
        """For lines that belong together: with `asked.context` it remembers them.

        Raises:
            CasebookError: the file of `asked.words` has none.
        """
        return self._plain if asked == PLAIN else Converter(self.models, self.settings, asked)

    def convert_syllables(self, clauses: Sequence[Sequence[str]], n_best: int | None = None) -> list[Conversion]:
        """Clauses of legal syllables, as `meta.data["syllables"]` has them.

        Raises:
            CasebookError: a syllable is none of these.
        """
        count = n_best or self.settings.n_best
        runs = [spelled_run(numbers) for numbers in self.numbers(clauses)]
        return [Conversion(*texts[0], tuple(texts), ()) for texts in self.runs.texts(runs, count)]

    def baseline(self, name: str, clauses: Sequence[Sequence[str]]) -> list[str]:
        """What one of `BASELINES` answers by itself to clauses of legal syllables."""
        return BASELINES[name](self.models, self.numbers(clauses))

    def numbers(self, clauses: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Syllables to their numbers, from 1."""
        number = self.models.candidates.number
        try:
            return [np.array([number[one] for one in clause], np.int64) for clause in clauses]
        except KeyError as error:
            wrong = [(row, one) for row, clause in enumerate(clauses) for one in clause if one not in number]
            raise CasebookError(
                f"{len(wrong)} syllable(s) are not legal, such as {wrong[0][1]!r} in clause {wrong[0][0] + 1}; "
                "legal ones are toneless, ü as v"
            ) from error

    @cached_property
    def _plain(self) -> Converter:
        return Converter(self.models, self.settings, PLAIN)

    @property
    def runs(self) -> RunReader:
        return self._plain.runs

    @property
    def knows_tones(self) -> bool:
        """False of a bundle of before they were kept, which leaves them out."""
        return self.models.listed_tones is not None


def listed_answers(first: int, answers: Iterable[Conversion]) -> Iterator[Answer]:
    """Each answer to each line, best first; `first` is the number of the first line."""
    for number, answer in enumerate(answers, start=first):
        for rank, (text, score) in enumerate(answer.alternatives, start=1):
            yield number, rank, text, score


@kept_open
def open_predictor(folder: Path, *, threads: int = 1) -> ConversionPredictor:
    """The predictor of a bundle folder.

    Raises:
        CasebookError: the folder is no whole bundle.
    """
    return ConversionPredictor(read_bundle(folder, threads=threads))
