"""What a request says beside its rows: the options of `casebook predict`, with words of one's own as a list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.near import read_pairs
from components.recipes.conversion.encoding.syllables import Syllabary
from components.recipes.conversion.encoding.typed import END
from components.recipes.conversion.serving.asked import Asked
from components.recipes.conversion.serving.user_words import read_words
from components.serving.keys import flag, known_keys
from components.serving.problems import Detail, Problem
from components.serving.service import Options

MOST_BEST = 100  # answers to a line
MOST_WORDS = 500  # of one's own
LONGEST_FUZZY = 1_000  # characters
WORD = "zhang wei, 张伟, 100"
KEYS: Mapping[str, Mapping[str, Any]] = {
    "n_best": {
        "type": "integer", "minimum": 1, "maximum": MOST_BEST, "default": 1,
        "description": "answers to each line, best first",
    },
    "abbreviations": {"type": "boolean", "description": "first letters stand for syllables: zg, zhong g"},
    "fuzzy": {
        "type": "string", "maxLength": LONGEST_FUZZY, "examples": ["z/zh,n/l,an/ang"],
        "description": "sounds taken for each other",
    },
    "typos": {"type": "boolean", "description": "a syllable may have one slip of the keyboard"},
    "words": {
        "type": "array", "items": {"type": "string"}, "maxItems": MOST_WORDS, "examples": [[WORD]],
        "description": "your own words: reading, text and, where you like, weight of each, between commas or tabs",
    },
    "context": {
        "type": "boolean", "description": "words of the rows before in this request are likelier in the next ones",
    },
}  # fmt: skip


@dataclass(frozen=True)
class WordList:
    """Words that came with a request, where `Asked` has a file of them: a path of a client is never opened here."""

    content: bytes
    name = stem = "words"

    def open(self, _mode: str) -> BytesIO:
        return BytesIO(self.content)

    def __str__(self) -> str:
        return self.name


class Together:
    """The rows of one request, which remember those before them. Equal to itself alone: what two requests ask is never
    answered together, so that nobody is answered by the lines of somebody else.
    """

    is_whole = True  # one version answers them all


@dataclass(frozen=True)
class Wishes:
    """As the converter takes them."""

    n_best: int
    asked: Asked
    together: Together | None

    @classmethod
    def of(cls, options: Options) -> "Wishes":
        more = dict(options.more)
        n_best, together = more.pop("n_best", 1), more.get("context")
        asked = Asked(
            abbreviations=more.get("abbreviations", False),
            fuzzy=read_pairs(more["fuzzy"]) if "fuzzy" in more else (),
            typos=more.get("typos", False),
            words=more.get("words"),
            context=together is not None,
        )
        return cls(n_best, asked, together)


def read_wishes(given: Mapping[str, Any], syllabary: Syllabary, longest: int) -> dict[str, Any]:
    """Those that say something: null, false and no words are as if they were not there.

    Raises:
        Problem: one is unknown or of the wrong type, or a word is none.
    """
    read: dict[str, Callable[[str, Any], Any]] = {
        "n_best": _count,
        "fuzzy": _sounds,
        "words": lambda name, value: _words(name, value, syllabary, longest),
    }
    found = {name: read.get(name, flag)(name, value) for name, value in known_keys(given, KEYS).items()}
    if found.pop("context", False):
        found["context"] = Together()
    return {name: value for name, value in found.items() if value}


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_BEST:
        told = f"send a whole number from 1 to {MOST_BEST}"
        raise Problem(422, f"{name} is no number of answers", [Detail((name,), told, value)])
    return value


def _sounds(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_FUZZY:
        told = f"send a text of at most {LONGEST_FUZZY} characters, such as z/zh,n/l"
        raise Problem(422, f"{name} names no sounds", [Detail((name,), told, value)])
    try:
        read_pairs(value)
    except CasebookError as error:
        raise Problem(422, f"{name} names no sounds", [Detail((name,), str(error), value)]) from None
    return value


def _words(name: str, value: Any, syllabary: Syllabary, longest: int) -> Path | None:
    """Together what a file of them would be, each of them a line."""
    if not isinstance(value, list) or len(value) > MOST_WORDS:
        told = f"send a list of at most {MOST_WORDS} texts, such as {WORD!r}"
        raise Problem(422, f"{name} is no list of words", [Detail((name,), told, value)])
    wrong = []
    for place, one in enumerate(value):
        if not isinstance(one, str) or END.search(one):
            wrong.append(Detail((name, place), f"is no text of one line, such as {WORD!r}", one))
            continue
        try:
            read_words(_in_hand(one), syllabary, longest)
        except CasebookError as error:
            wrong.append(Detail((name, place), str(error).removeprefix("words: ").removeprefix("line 1, "), one))
    if wrong:
        raise Problem(422, f"{name} has what is no word", wrong)
    return _in_hand("\n".join(value)) if value else None


def _in_hand(text: str) -> Path:
    return cast(Path, WordList(text.encode()))  # of a path `read_words` asks no more than a list has
