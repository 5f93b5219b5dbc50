"""Words of a recipe: what its metrics and baselines are called, and what they mean, for people who read its figures."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Word:
    """A name as people say it, and in one line what it means."""

    name: str
    meaning: str


Words = Mapping[str, Word]  # by name, or by a pattern such as `auc@*`; in order of importance


def word_of(words: Words, name: str) -> Word | None:
    """The word of a metric or baseline; None where the recipe has none for it."""
    key = _key(words, name)
    return None if key is None else words[key]


def spoken(words: Words, name: str) -> str:
    """A name as people say it."""
    word = word_of(words, name)
    return name if word is None else word.name


def in_order(words: Words, names: Iterable[str], primary: str) -> list[str]:
    """The primary metric first, then in the order of the words, those without one last; `auc@10y` follows `auc@9y`."""
    places = {key: place for place, key in enumerate(words)}

    def order(name: str) -> tuple[bool, int, list[tuple[str, float]]]:
        key = _key(words, name)
        parts = re.findall(r"(\D*)(\d*)", name)
        natural = [(text, float(number or 0)) for text, number in parts]
        return name != primary, len(places) if key is None else places[key], natural

    return sorted(names, key=order)


def _key(words: Words, name: str) -> str | None:
    if name in words:
        return name
    return next((key for key in words if "*" in key and fnmatchcase(name, key)), None)
