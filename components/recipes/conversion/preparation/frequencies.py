"""Frequencies of words in other text, from a list of words with their counts."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.recipes.shared.smoke import some_of

LONGEST = 15  # characters of a word; no lexicon takes longer ones
ENTRY = re.compile(r"(?P<word>[^,]+),(?P<count>[0-9]{1,15})")
SCHEMA = pa.schema([("text", pa.string()), ("count", pa.int64())])


def write_frequencies(source: Path, target: Path, characters: Collection[str], most: int | None = None) -> int:
    """Words of one to `LONGEST` of the `characters` with their counts, sorted; how many. Of more than `most`
    a sample.

    The source is text in UTF-8, a word, a comma and its count a line, without a header. The counts of
    a word that stands there several times are added up.

    Raises:
        CasebookError: no such file, not UTF-8, a line of another form, or no word of the characters in it.
    """
    known = frozenset(characters)
    found: Counter[str] = Counter()
    for word, count in _entries(source):
        if len(word) <= LONGEST and known.issuperset(word):
            found[word] += count
    if not found:
        raise CasebookError(
            f"{source}: no word of the characters of the training text stands in it; give a list of Chinese words, "
            "or set prepare.frequencies to null"
        )
    texts = sorted(found) if most is None else some_of(sorted(found), most)
    pq.write_table(pa.table([texts, [found[text] for text in texts]], schema=SCHEMA), target, compression="zstd")
    return len(texts)


def _entries(path: Path) -> Iterator[tuple[str, int]]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                entry = ENTRY.fullmatch(line.strip())
                if entry:
                    yield entry["word"], int(entry["count"])
                elif line.strip():
                    raise CasebookError(
                        f"{path}: line {number}, {line[:40].strip()!r}, is no word with its count; give lines such as "
                        "'你好,12', without a header"
                    )
    except FileNotFoundError:
        raise CasebookError(f"{path}: no such file; fetch it, or set prepare.frequencies to null") from None
    except OSError as error:
        raise CasebookError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CasebookError(
            f"{path}: not UTF-8: byte 0x{error.object[error.start]:02x} after line {number}; convert it, for example "
            "with iconv"
        ) from None
