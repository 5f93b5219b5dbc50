"""Numbers as laboratories write them: open ends (`<0.01`, `80+`) and flags (`7.4 H`)."""

import pyarrow as pa
import pyarrow.compute as pc

OPEN = r"^\s*(?:[<>≤≥~]=?\s*([+-]?[\d.,]*\d)|([+-]?[\d.,]*\d)\s*\+)\s*$"
FLAGGED = r"^\s*(?:[<>≤≥~]=?\s*)?([+-]?[\d.,]*\d)\s*(?:HH?|LL?|\*{1,3}|\((?:HH?|LL?)\))\s*$"


def without_marks(text: pa.Array) -> pa.Array:
    """The texts (N,) less those marks: what is beyond a limit counts as the limit."""
    return pc.replace_substring_regex(pc.replace_substring_regex(text, FLAGGED, r"\1"), OPEN, r"\1\2")
