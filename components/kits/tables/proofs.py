"""What proves that lines are written in GB18030 or in Windows-1252: the letters that they would have."""

import codecs
import re

UTF8, CHINESE, WESTERN = "utf-8", "gb18030", "windows-1252"
BOTH = "äöüÄÖÜéÉ"  # in names everywhere
LETTERS = tuple(
    set(letters + letters.upper() + BOTH)
    for letters in ("ß", "àâæçèêëîïôœùûÿ", "áíóúñ", "áàâãçêíóôõú", "àèìíîòóùú", "æøåô", "åšž", "ëïèóáê", "áíóúýþæð")
)  # of German, French, Spanish, Portuguese, Italian, Danish and Norwegian, Swedish and Finnish, Dutch, Icelandic
SIGNS = set("€‚„…‘’“”–—°§£©®«»´·½¼¾²³µºª¿¡×•™\xa0")
ENOUGH = 0.95  # of the letters, which must be of one language
FEW_HAN = 4
COMMON, LATE = 0.85, 0.15
# In the order of their sounds, the common characters fill the rows B0 to D7, those from q on the rows from C9. Korean
# has its syllables in the rows B0 to C8, and so would be taken for Chinese by the first share alone; Japanese has its
# own in A4 and A5.
LAST_COMMON, FIRST_LATE, FIRST_HAN, FIRST_LETTER = 0xD7, 0xC9, 0xB0, 0xA4


def is_utf8(line: bytes) -> bool:
    try:
        line.decode(UTF8)
    except UnicodeDecodeError:
        return False
    return True


def is_chinese(lines: bytes) -> bool:
    """Nearly all characters are those of GB2312, most of them common, and some from the rows that Korean leaves."""
    try:
        text = re.sub(r"[\0-\x7f]+", "", codecs.getincrementaldecoder(CHINESE)().decode(lines))
    except UnicodeDecodeError:
        return False
    rows = [code[0] for code in (sign.encode("gb2312", "ignore") for sign in text) if len(code) == 2]
    han, foreign = [row for row in rows if row >= FIRST_HAN], [row for row in rows if FIRST_LETTER <= row < FIRST_HAN]
    if len(han) < FEW_HAN or len(rows) < ENOUGH * len(text) or len(foreign) > (1 - ENOUGH) * len(rows):
        return False
    common = sum(row <= LAST_COMMON for row in han) / len(han)
    late = sum(FIRST_LATE <= row <= LAST_COMMON for row in han) / len(han)
    return common >= COMMON and late >= LATE


def is_western(lines: bytes) -> bool:
    """Letters beyond ASCII stand one by one beside ASCII letters, and nearly all are those of one language."""
    try:
        text = lines.decode(WESTERN)
    except UnicodeDecodeError:
        return False
    beyond = re.findall(r"[^\0-\x7f]", re.sub(r"(?<=[A-Za-z])’(?=[A-Za-z])", "'", text))
    letters = [sign for sign in beyond if sign not in SIGNS]
    inside = re.findall(rf"(?<=[A-Za-z])[{re.escape(''.join(SIGNS - set('’´·')))}](?=[A-Za-z])", text)
    runs = re.findall(r"[^\0-\x7f]{3,}", text)
    if len(inside) + sum(map(len, runs)) > (1 - ENOUGH) * len(beyond):
        return False
    return any(sum(sign in known for sign in letters) >= ENOUGH * len(letters) for known in LETTERS)
