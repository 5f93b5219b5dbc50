"""Lines of typed pinyin over HTTP: characters for them, the best answer or several, as `casebook predict` gives."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import nan
from pathlib import Path
from typing import Any

from components.core.bundle import read_bundle
from components.recipes.conversion.encoding.normalise import normalise
from components.recipes.conversion.online.recalled import Recalled
from components.recipes.conversion.online.wishes import KEYS, MOST_BEST, Together, Wishes, read_wishes
from components.recipes.conversion.serving.asked import PLAIN, Asked
from components.recipes.conversion.serving.converter import Conversion, Converter
from components.recipes.conversion.serving.predictor import PINYIN_COLUMN, ConversionPredictor
from components.serving.problems import Detail, Problem
from components.serving.service import MEBIBYTE, Answered, Options, Short

MAX_BODY = MEBIBYTE
LONGEST = 2_000  # characters of a row: those of letters without blanks take seconds, and others wait meanwhile
KEPT = 4  # converters with wishes: one with words holds tables of its own, and takes a second to make
NAMED = 20  # warnings of a row
TEXT = "text"  # a column that rows may have, too: the right conversion
COLUMNS, BEST = ("text", "score", "illegal"), "best"  # of answers
SCORE = "score of a syllable"  # as monitoring knows it
EXAMPLE = "jin tian tian qi hen hao"


def open_service(bundle: Path, _histories: Path | None, _checks: Any) -> "ConversionService":
    """The bundle, its tables filled: no request is to wait for one that is."""
    predictor = ConversionPredictor(read_bundle(bundle, threads=1))
    predictor.models.models.fill()
    return ConversionService(predictor)


class ConversionService:
    """A predictor that answers rows as JSON has them, each a line."""

    def __init__(self, predictor: ConversionPredictor) -> None:
        self.predictor = predictor
        self._longest_word = len(predictor.settings.search.caps)
        self._converters: OrderedDict[Asked, Converter] = OrderedDict()
        self._together: Together | None = None  # whose lines are remembered

    def options(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """How many answers, and how the lines are typed."""
        return read_wishes(given, self.predictor.syllabary, self._longest_word)

    def more(self) -> Mapping[str, Mapping[str, Any]]:
        """The keys of a request beside its rows, as JSON Schema."""
        return KEYS

    def check(self, row: Any) -> Sequence[Detail]:
        """What is wrong with a row's form."""
        if not isinstance(row, Mapping):
            return [Detail((), f'is no object; send {{"{PINYIN_COLUMN}": "{EXAMPLE}"}}', row)]
        wrong = [
            Detail((name,), "is no column of the model", cell)
            for name, cell in row.items()
            if name not in (PINYIN_COLUMN, TEXT)
        ]
        if PINYIN_COLUMN not in row:
            return [Detail((PINYIN_COLUMN,), "is missing"), *wrong]
        line, text = row[PINYIN_COLUMN], row.get(TEXT)
        if not isinstance(line, str):
            wrong.append(Detail((PINYIN_COLUMN,), "is no text", line))
        elif len(line) > LONGEST:
            told = f"is {len(line):,} characters long, {LONGEST:,} at most; send a row for each line"
            wrong.append(Detail((PINYIN_COLUMN,), told, line))
        if text is not None and not isinstance(text, str):
            wrong.append(Detail((TEXT,), "is no text", text))
        return wrong

    def answer(self, rows: Sequence[Mapping[str, Any]], options: Options) -> Sequence[Answered]:
        """All of them together, in their order."""
        wishes = Wishes.of(options)
        lines = [row[PINYIN_COLUMN] for row in rows]
        found = self._converter(wishes).convert(lines, wishes.n_best)
        return [
            self._answered(line, one, wishes, strict=options.strict) for line, one in zip(lines, found, strict=True)
        ]

    def schema(self) -> Mapping[str, Any]:
        """A row as JSON Schema."""
        line = {"type": "string", "maxLength": LONGEST, "description": "a line as it is typed, with tones or without"}
        right = {"type": ["string", "null"], "description": "the right conversion where it is known, for monitoring"}
        return {
            "type": "object",
            "properties": {PINYIN_COLUMN: line, TEXT: right},
            "required": [PINYIN_COLUMN],
            "additionalProperties": False,
            "examples": [{PINYIN_COLUMN: self._example}],
        }

    def about(self) -> Mapping[str, Any]:
        """Facts for people."""
        return {
            "n_best": self.predictor.settings.n_best,
            "most_best": MOST_BEST,
            "tones": self.predictor.knows_tones,
            "longest": LONGEST,
        }

    def gathered(self, rows: Sequence[Any]) -> list[Any]:
        """Rows of other protocols; texts alone are lines, too."""
        return [{PINYIN_COLUMN: row} if isinstance(row, str) else row for row in rows]

    def flat(self, answers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The columns that MLflow's server answers, and the other readings where some are asked for."""
        several = any(len(one[BEST]) > 1 for one in answers)
        return [{name: one[name] for name in (*COLUMNS, *([BEST] if several else []))} for one in answers]

    @cached_property
    def _example(self) -> str:
        legal = self.predictor.models.candidates.number
        return EXAMPLE if all(one in legal for one in EXAMPLE.split()) else " ".join(sorted(legal)[:3])

    def _converter(self, wishes: Wishes) -> Converter:
        """One that is there already, if somebody has wished for the same lately."""
        if wishes.asked == PLAIN:
            return self.predictor.converter()
        found = self._converters.pop(wishes.asked, None)
        if found is None:
            found = self.predictor.converter(wishes.asked)
            while len(self._converters) >= KEPT:
                self._converters.popitem(last=False)
        self._converters[wishes.asked] = found
        if wishes.together is not None and wishes.together is not self._together:
            Recalled.of(found).forget()
            self._together = wishes.together
        return found

    def _answered(self, line: str, found: Conversion, wishes: Wishes, *, strict: bool) -> Answered:
        remarks = [str(one) for one in found.remarks]
        if strict and remarks:
            return Answered(None, [Detail((PINYIN_COLUMN,), one, line) for one in remarks])
        best = [
            {"rank": rank, "text": text, "score": score} for rank, (text, score) in enumerate(found.alternatives, 1)
        ]
        values = {
            "text": found.text,
            "score": found.score,
            BEST: best,
            "illegal": "; ".join(remarks),
            "warnings": [*_first(remarks), *self._dropped(found, wishes.n_best)],
        }
        blank = not line.strip()  # of which there is nothing to compare
        return Answered(values, told={SCORE: self._per_syllable(line, found, wishes)}, kept=() if blank else None)

    def _dropped(self, found: Conversion, asked: int) -> list[str]:
        """What of the line or of the wishes came to nothing."""
        told = []
        if found.toned and not self.predictor.knows_tones:
            told.append("tones say nothing here: this model is of before they were kept; fit it again")
        if found.invisible:
            told.append(f"{found.invisible} character(s) that nobody sees are dropped (zero-width, soft hyphen, NUL)")
        if len(found.alternatives) < asked and found.text:
            told.append(f"fewer answers than the {asked} asked for: there are no more readings")
        return told

    def _per_syllable(self, line: str, found: Conversion, wishes: Wishes) -> float:
        """What monitoring compares: only of lines that are read as all others are."""
        settings = self.predictor.settings
        if wishes.asked != PLAIN or wishes.n_best > settings.search.rescored:
            return nan
        read = normalise(line, self.predictor.syllabary, settings.input)
        return found.score / max(len(read.syllables) + len(read.illegal), 1)


def read_short(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """`text`, one or a list of them, to the rows of `predict`; all else are its own keys.

    Raises:
        Problem: 422, there is none.
    """
    if TEXT not in content:
        raise Problem(422, "there is no text", [Detail((TEXT,), "send a text, or a list of them")])
    rest = {name: cell for name, cell in content.items() if name != TEXT}
    text = content[TEXT]
    return {**rest, "rows": [{PINYIN_COLUMN: one} for one in (text if isinstance(text, list) else [text])]}


LINE = {"type": "string"}
SHORT = Short("/translate", {TEXT: {"anyOf": [LINE, {"type": "array", "items": LINE}]}}, read_short)


def _first(remarks: Sequence[str]) -> list[str]:
    more = len(remarks) - NAMED
    return [*remarks[:NAMED], *([f"and {more} more"] if more > 0 else [])]
