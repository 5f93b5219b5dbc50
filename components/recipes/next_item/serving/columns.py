"""Raw cells of a column, as answers need them: those that a mask keeps, numbered, and as a message shows them."""

import numpy as np
import pyarrow as pa

from components.kits.tables.encoding.cells import Cells


def numbered(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place (N,) of each text among the different ones, and these in the order in which they first stand."""
    places: dict[str, int] = {}
    found = np.fromiter((places.setdefault(text, len(places)) for text in texts), np.int64, len(texts))
    return found, np.array(list(places), object)


def kept(cells: Cells, mask: np.ndarray) -> Cells:
    """The cells where the mask (N,) holds."""
    if isinstance(cells, pa.Array):
        return cells.filter(pa.array(mask))
    return [cell for cell, keep in zip(cells, mask, strict=True) if keep]


def shown(cells: Cells, place: int) -> str:
    """A cell as a message shows it."""
    if not isinstance(cells, pa.Array):
        return str(cells[place])[:60]
    if not cells[place].is_valid:
        return "NaT" if pa.types.is_temporal(cells.type) else "nan"
    return str(cells[place].as_py())[:60]
