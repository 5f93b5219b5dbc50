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
# The most common of all, which are English though slips or first letters could make them pinyin.
COMMON = """
about after all also am and as at been before both but by could did do does down each every few first from go good had
has his how i if in into is it its just know last little many might must my new no not now of off on only other out
over people same so some still such than thank thanks that the them then they thing think this to too two under up us
very was way we well went were what when which who why will with work would
"""
AS_PINYIN, WITH_R = frozenset(SPELLED_AS_PINYIN.split()), frozenset(ENDING_AS_PINYIN.split())
NEVER_PINYIN = frozenset(COMMON.split())
# Syllables that no common word has before an r of er-hua, and many English words have.
NO_STEM = frozenset(("a", "ce", "de", "e", "ga", "la", "le", "me", "ne", "o", "ou", "re", "se", "te", "ye", "ze"))


def is_english(foreign: Sequence[str], pinyin: Sequence[str]) -> bool:
    """Whether a line is English, of which some words can be no pinyin and others can be nothing else."""
    letters, others = sum(map(len, foreign)), sum(map(len, pinyin))
    return letters > LETTERS * (letters + others) and len(foreign) >= WORDS * (len(foreign) + len(pinyin))
