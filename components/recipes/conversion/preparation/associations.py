"""Associations of two characters side by side, from a table of Wikipedia's, far larger than the corpus."""

import gzip
from collections.abc import Collection, Iterator
from pathlib import Path
from zlib import error as ZlibError  # noqa: N812 - an exception, named as one

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.errors import CasebookError
from components.recipes.shared.smoke import some_of

HEADER = "Languages:"
SIMPLIFIED = 1  # column of zh-hans, after the text
ABSENT = 0.0  # a logarithm that no text has
SCHEMA = pa.schema([("text", pa.string()), ("log_p", pa.float32())])


def write_associations(source: Path, target: Path, characters: Collection[str], most: int | None = None) -> int:
    """Texts of one and of two of the `characters` with the log of their probability, sorted; how many of two. Of more
    than `most` a sample.

    The source is gzipped text: a header, then a line for each text of one or two characters with its
    natural log probability in several languages, 0 where it has none.

    Raises:
        CasebookError: no such file, not gzip, a line of another form, or no two of the characters in it.
    """
    known = frozenset(characters)
    found = {text: log_p for text, log_p in _entries(source) if log_p != ABSENT and known.issuperset(text)}
    pairs = sum(len(text) == 2 for text in found)
    if not pairs:
        raise CasebookError(
            f"{source}: no two characters of the training text stand in it; give a table of Chinese, or set "
            "prepare.associations to null"
        )
    texts = sorted(found) if most is None else some_of(sorted(found), most)
    pq.write_table(pa.table([texts, [found[text] for text in texts]], schema=SCHEMA), target, compression="zstd")
    return sum(len(text) == 2 for text in texts)


def _entries(path: Path) -> Iterator[tuple[str, float]]:
    line = ""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                fields = line.split(maxsplit=SIMPLIFIED + 1)
                if fields and fields[0] != HEADER and len(fields[0]) <= 2:
                    yield fields[0], float(fields[SIMPLIFIED])
    except FileNotFoundError:
        raise CasebookError(f"{path}: no such file; fetch it, or set prepare.associations to null") from None
    except (OSError, EOFError, ZlibError, UnicodeDecodeError) as error:
        raise CasebookError(f"{path}: not a gzipped text in UTF-8: {error}; fetch it again") from None
    except (ValueError, IndexError):
        raise CasebookError(
            f"{path}: {line[:40].rstrip()!r} is no text with log probabilities; give a table such as cjclassifier's"
        ) from None
