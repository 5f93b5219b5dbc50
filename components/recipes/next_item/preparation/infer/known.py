"""Names of the columns of files that are published without a header, and of those that nobody has named."""

from collections.abc import Sequence
from pathlib import Path

from components.kits.tables.forms import Form

# MovieLens' files, as the README beside each says; by name, and how many cells a row has.
_FLAGS = """unknown action adventure animation children comedy crime documentary drama fantasy film_noir horror musical
mystery romance sci_fi thriller war western"""
_MOVIELENS: dict[str, tuple[str, ...]] = {
    "u.data": ("user", "item", "rating", "time"),
    "u.user": ("user", "age", "gender", "occupation", "zip_code"),
    "u.item": ("item", "title", "release_date", "video_release_date", "url", *_FLAGS.split()),
    "ratings.dat": ("user", "item", "rating", "time"),
    "users.dat": ("user", "gender", "age", "occupation", "zip_code"),
    "movies.dat": ("item", "title", "genres"),
}


def known_names(path: Path, cells: int) -> tuple[str, ...] | None:
    """Of a file of MovieLens, packed or not."""
    plain = path.name.lower().removesuffix(".gz").removesuffix(".zip")
    names = _MOVIELENS.get(plain)
    return names if names is not None and len(names) == cells else None


def numbered(cells: int) -> tuple[str, ...]:
    return tuple(f"column_{place}" for place in range(1, cells + 1))


def lacks_header(form: Form, rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row, which was taken for the header, is one as those below it: numbers stand above numbers, or
    days above days, and no words above numbers.
    """
    below = [row for row in rows if len(row) == len(form.names)]
    if form.delimiter is None or not below:
        return False
    alike = False
    for name, *cells in zip(form.names, *below, strict=True):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if filled and all(map(_is_value, filled)):
            if not _is_value(name):
                return False
            alike = True
    return alike


def _is_value(cell: str) -> bool:
    """A number, or a day or moment as 2020-01-31."""
    try:
        float(cell)
    except ValueError:
        return len(cell) >= 10 and cell[:4].isdigit() and cell[4:8:3] in ("--", "//")
    return True
