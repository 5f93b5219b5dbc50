"""Texts that look like numbers and are none to learn from: long codes, times of day; and amounts, which name no row."""

import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.seen import MANY_NUMBERS, Guess, Seen

LONG = r"^[+-]?0*[1-9]\d{15,}$"  # digits of which a double may not keep all
TIME_OF_DAY = r"^\d{1,3}:[0-5]\d(:[0-5]\d(\.\d+)?)?(\s?[AaPp]\.?[Mm]\.?)?$"
MOSTLY = 0.9
SHOWN = 40
AMOUNT = r"^[^\pL\d]*\pL{0,3}[^\pL\d]*\d+([.,' ]\d+)+[^\pL\d]*\pL{0,3}[^\pL\d]*$"  # 1,234.50 and EUR 12.5


def rounded_reason(seen: Seen) -> str:
    """Why a column of whole numbers is of names: some would be rounded. Nothing where none would."""
    if _share(seen, r"^[+-]?\d+$") < MOSTLY:
        return ""
    for text in seen.texts.filter(pc.match_substring_regex(seen.texts, LONG)).to_pylist():
        if len(text) > SHOWN:
            return f"its digits name something: {text[:SHOWN]}... has more than a number keeps"
        if int(float(text)) != int(text):
            return f"its digits name something: as a number {text} would be rounded to {float(text):.0f}"
    return ""


def guess_time_of_day(seen: Seen) -> Guess | None:
    """14:35: no kind of column reads it; a few shifts are classes."""
    if len(seen.texts) <= MANY_NUMBERS or _share(seen, TIME_OF_DAY) < MOSTLY:
        return None
    return Guess(
        None,
        f"its values are times of day or durations, such as {seen.texts[0].as_py()!r}, which no kind of column reads; "
        "write them as hours, with a fraction, or beside their date",
    )


def are_amounts(seen: Seen) -> bool:
    """Whether most texts are numbers with separators: they may differ in every row, and yet name none."""
    return _share(seen, AMOUNT) > 0.5


def _share(seen: Seen, pattern: str) -> float:
    """Of the distinct texts, those that match."""
    return float(pc.mean(pc.cast(pc.match_substring_regex(seen.texts, pattern), pa.int8())).as_py())
