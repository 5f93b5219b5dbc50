"""Tables for descriptions on MLflow's pages."""

from collections.abc import Sequence

ROOM = "&emsp;"  # MLflow's pages set columns of a table in a description close to each other


def header(columns: Sequence[str]) -> str:
    """The two lines that begin a table."""
    return f"{row(columns)}|{'---|' * len(columns)}\n"


def row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(f'{cell}{ROOM}' for cell in cells)} |\n"


def cell(text: str) -> str:
    """A text that neither ends its cell nor its row."""
    return " ".join(text.replace("|", "/").split())
