"""Readings of the tiny bundle scored as the definitions say, one symbol at a time."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from components.recipes.conversion.encoding.ngrams import FIRST, START, NGrams
from components.recipes.conversion.serving.rescore import FEATURES
from tests.components.recipes.conversion.serving.context_slots import context_slots
from tests.components.recipes.conversion.serving.tiny import (
    BONUS,
    CHARACTER_SYMBOL,
    CHARACTERS,
    COMPOUND,
    CONTEXT_BITS,
    END,
    KINDS,
    PAIRS,
    SETTINGS,
    SYLLABLES,
    SYMBOL,
    WORDS,
    associations,
    character_model,
    context_weights,
    log_q,
    logits,
    other_model,
    windows,
    word_model,
)


def log_p(model: NGrams, symbols: Sequence[int], order: int) -> float:
    """Of a whole sequence, by the definition of back-off, one symbol at a time."""
    size = len(model.unigram)
    two = dict(zip(model.bigrams.tolist(), zip(model.bigram, model.bigram_backoff, strict=True), strict=True))
    row = {key: place for place, key in enumerate(model.bigrams.tolist())}
    three = dict(zip(model.trigrams.tolist(), model.trigram, strict=True))
    total, history = 0.0, [START]
    for symbol in [*symbols, END]:
        last = history[-1]
        before = history[-2] * size + last if len(history) > 1 and order > 2 else None
        pair = last * size + symbol
        lower = (
            float(two[pair][0]) if pair in two else float(model.unigram_backoff[last]) + float(model.unigram[symbol])
        )
        if before in row and row[before] * size + symbol in three:
            total += float(three[row[before] * size + symbol])
        else:
            total += lower + (float(two[before][1]) if before in two else 0.0)
        history.append(symbol)
    return total


def all_readings(syllables: Sequence[str]) -> list[list[str]]:
    """Every way to read them as words."""
    if not syllables:
        return [[]]
    found = [[one, *rest] for one in PAIRS[syllables[0]] for rest in all_readings(syllables[1:])]
    for word, reading in COMPOUND.items():
        if syllables[:2] == reading.split():
            found += [[word, *rest] for rest in all_readings(syllables[2:])]
    return found


def learner_log_p(syllables: Sequence[str], text: str) -> float:
    """Of the characters of a whole clause."""
    if not syllables:
        return 0.0
    numbers = np.array([SYLLABLES.index(one) + 1 for one in syllables], np.int64)
    known = windows().ids(numbers, np.array([0, len(numbers)])).sum(axis=1)
    total = 0.0
    for syllable, number, ids, one in zip(syllables, numbers, known, text, strict=True):
        row = (logits()[number] + ids * np.array(BONUS))[: len(PAIRS[syllable])].astype(float)
        total += row[PAIRS[syllable].index(one)] - np.log(np.exp(row).sum())
    return total


def local_score(syllables: Sequence[str], words: Sequence[str], settings: Mapping[str, Any] = SETTINGS) -> float:
    """What the arcs of a reading add by themselves."""
    other = sum(one == "乐" for one in words)  # inside a word it is no other reading
    search = settings["search"]
    return search["learner"] * learner_log_p(syllables, "".join(words)) + search["other"] * other


def feature_values(syllables: Sequence[str], words: Sequence[str]) -> dict[str, float]:
    text = "".join(words)
    symbols = [SYMBOL[word] for word in words]
    table, size = associations(), len(CHARACTERS) + FIRST
    joint = dict(zip(table.pairs.tolist(), table.joint.tolist(), strict=True))
    alone = {one: joint[START * size + symbol] for one, symbol in CHARACTER_SYMBOL.items()}
    pairs = [
        (a, b, joint.get(CHARACTER_SYMBOL[a] * size + CHARACTER_SYMBOL[b], -17.0)) for a, b in itertools.pairwise(text)
    ]
    after = [np.logaddexp(min(both - alone[a], 0) + np.log(0.95), np.log(0.05) + alone[b]) for a, b, both in pairs]
    slots = context_slots(words, [KINDS[WORDS.index(word)] for word in words], CONTEXT_BITS)
    ends = np.cumsum([len(word) for word in words])[:-1].tolist()
    boundary = [np.clip(both - alone[a] - alone[b], -4, 9) for a, b, both in (pairs[end - 1] for end in ends)]
    values = {
        "word_bigram": log_p(word_model(), symbols, 2),
        "word_trigram": log_p(word_model(), symbols, 3),
        "words": float(len(words)),
        "others": float(sum(word == "乐" for word in words)),
        "character_trigram": log_p(character_model(), [CHARACTER_SYMBOL[one] for one in text], 3),
        "other_trigram": log_p(other_model(), [CHARACTER_SYMBOL[one] for one in text], 3),
        "association": float(alone[text[0]] + sum(after)),
        "boundary": float(sum(boundary)),
        "lexicon": float(sum(log_q()[symbol] for symbol in symbols)),
        "learner": learner_log_p(syllables, text),
        "context": float(sum(context_weights()[slot] for slot in slots)),
    }
    assert tuple(values) == FEATURES
    return values
