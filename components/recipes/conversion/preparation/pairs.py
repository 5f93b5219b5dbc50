"""Pairs of a syllable and a character it can be read as: what training shows, and what the dictionary adds."""

from collections import Counter

from components.recipes.conversion.encoding.readings import dictionary_pairs, gb2312_characters
from components.recipes.conversion.params.pinyin import PinyinParams

Pair = tuple[str, str]


def legal_pairs(seen: "Counter[Pair]", spec: PinyinParams) -> dict[str, str]:
    """Characters by syllable, syllables in order of the alphabet; `seen` counts (syllable, character) in training.

    The most frequent pair of training comes first; those that training lacks follow by the
    character's own frequency there, then by its number in Unicode.
    """
    added = dictionary_pairs(gb2312_characters()) if spec.readings == "gb2312" else set()
    frequency: Counter[str] = Counter()
    for (_, character), count in seen.items():
        frequency[character] += count
    characters: dict[str, list[str]] = {}
    for syllable, character in seen.keys() | added:
        characters.setdefault(syllable, []).append(character)
    return {
        syllable: "".join(sorted(found, key=lambda one: (-seen[syllable, one], -frequency[one], one)))
        for syllable, found in sorted(characters.items())
    }
