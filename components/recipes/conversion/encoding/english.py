"""English words that are spelled as pinyin is, and lines that are English."""

from collections.abc import Sequence

LETTERS = 0.5  # share of a line's letters in words that cannot be pinyin, from above which the line is English
WORDS = 0.75  # and of its words: "wo you iPhone" is no English line
# Common words that could be one syllable or several.
SPELLED_AS_PINYIN = """
a age alone along an anyone are ban bang bare base bike bin binge bite bone cache came can candidate care case chance
change china chinese cite cuba cue cute da data date decide delete demo die dine ding due editing eliminate ending
ensure entire face fade fake fame fan fence game gate gene generate guidance guide ha hate he heading here hue huge
human june lake lane language late leading lease lie like line locate long machine made mailing make male man manage
mate me mean meaning media meme men menu mile mine mini minute mode module more mute name nature nice nine nuance one
open orange page pan panda pen pending pie pin pine ping pure quote ran rang range reading reduce release rename
resume ride rise rule run running sake sale same sane sang see seen sense sequence share she shine side sine site size
song sue suite sun sure take tan tango tide tie time tune wage wake woman women you
"""
# Those whose r could be er-hua.
ENDING_AS_PINYIN = """
air baker bar car chair char eager far for four guitar hair her hour hunger lager liar maker manager mayor pair sour
tar teacher teenager tiger tour war your
"""
AS_PINYIN, WITH_R = frozenset(SPELLED_AS_PINYIN.split()), frozenset(ENDING_AS_PINYIN.split())
# Syllables that no common word has before an r of er-hua, and many English words have.
NO_STEM = frozenset(("a", "ce", "de", "e", "ga", "la", "le", "me", "ne", "o", "ou", "re", "se", "te", "ye", "ze"))


def is_english(words: Sequence[str], is_pinyin: Sequence[bool]) -> bool:
    """Whether the words of a line, in small letters, are mostly English; what could be both says nothing."""
    told = [
        (word, pinyin) for word, pinyin in zip(words, is_pinyin, strict=True) if not pinyin or word not in AS_PINYIN
    ]
    foreign = [word for word, pinyin in told if not pinyin]
    letters = sum(len(word) for word, _ in told)
    return sum(map(len, foreign)) > LETTERS * letters and len(foreign) >= WORDS * len(told)
