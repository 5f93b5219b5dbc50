"""The slots of a reading's contexts, spelled out: one feature after another, in plain integers."""

from collections.abc import Iterator, Sequence

WORD = 1 << 64
FNV, GOLDEN = 0x100000001B3, 0x9E3779B97F4A7C15


def text_value(text: str | None) -> int:
    value = 0
    for one in text or "":
        value = (value * FNV + ord(one)) % WORD
    return value


def slot(number: int, values: Sequence[int], bits: int) -> int:
    hashed = number
    for value in values:
        hashed = (hashed * FNV) % WORD ^ value
    hashed = (hashed ^ (hashed >> 29)) * GOLDEN % WORD
    return hashed >> (64 - bits)


def context_slots(words: Sequence[str], kinds: Sequence[str], bits: int) -> list[int]:
    """Of every feature of a reading, in no order that matters."""
    return [slot(number, values, bits) for number, values in _features(words, kinds)]


def _features(words: Sequence[str], kinds: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
    def word(place: int) -> int:
        return text_value(words[place]) if 0 <= place < len(words) else 0

    def kind(place: int) -> int:
        return text_value(kinds[place]) if 0 <= place < len(words) else 0

    for i in range(len(words) + 1):  # the last is the end
        yield 2, [word(i - 1), word(i)]
        yield 3, [word(i - 2), word(i)]
        yield 4, [kind(i - 1), kind(i)]
        yield 5, [kind(i - 2), kind(i - 1), kind(i)]
        yield 6, [kind(i - 1), word(i)]
        yield 7, [word(i - 1), kind(i)]
        yield 9, [kind(i - 2), word(i)]
        if i == len(words):
            continue
        yield 1, [word(i)]
        yield 8, [kind(i - 1), word(i), kind(i + 1)]
        yield 10, [word(i), kind(i + 1), kind(i + 2)]
        yield 11, [kind(i - 1), word(i), word(i + 1)]
        yield 12, [word(i - 1), word(i), kind(i + 1)]
        if len(words[i]) == 1:
            last = ord(words[i - 1][-1]) if i else 0
            first = ord(words[i + 1][0]) if i + 1 < len(words) else 0
            yield 13, [last, word(i), first]
            yield 14, [word(i - 1), word(i), word(i + 1)]
            yield 15, [kind(i - 2), kind(i - 1), word(i), kind(i + 1)]
    text = [0, 0, *map(ord, "".join(words)), 0]
    for before, between, here in zip(text, text[1:], text[2:], strict=False):
        yield 16, [between, here]
        yield 17, [before, between, here]
        yield 18, [before, here]
