"""Words of the lines before, which are likelier in the next ones."""

from collections import deque
from functools import cached_property

import numpy as np

from components.recipes.conversion.encoding.ngrams import FIRST
from components.recipes.conversion.serving.vocabulary import Vocabulary

LINES = 20  # before that are remembered
LONGEST = 7  # characters of a word
MOST = 2_000  # characters of a line that are looked at, the last of them
SAID = 1.0  # nats for a word that one of the lines has; found on a validation: docs/pinyin.md


class Memory:
    """Adds `SAID` to `favoured (V,)`, the nats for each word, where a word of two characters or more stands in the
    lines before.
    """

    def __init__(self, vocabulary: Vocabulary, favoured: np.ndarray) -> None:
        self.vocabulary, self.favoured, self._without = vocabulary, favoured, favoured.copy()
        self._lines: deque[np.ndarray] = deque(maxlen=LINES)

    def add(self, text: str) -> None:
        """The answer to a line; the oldest one is forgotten."""
        if len(self._lines) == LINES:
            self.favoured[self._lines[0]] = self._without[self._lines[0]]
        self._lines.append(self._words(text[-MOST:]))
        for words in self._lines:
            self.favoured[words] = self._without[words] + SAID

    def _words(self, text: str) -> np.ndarray:
        """The symbols of all words that stand somewhere in a text."""
        pieces = {text[at : at + size] for size in range(2, LONGEST + 1) for at in range(len(text) - size + 1)}
        found = [self._symbols[piece] for piece in pieces if piece in self._symbols]
        return np.array(found, np.int64)

    @cached_property
    def _symbols(self) -> dict[str, int]:
        texts = self.vocabulary.texts
        return {texts[one]: one for one in range(FIRST, len(texts))}
