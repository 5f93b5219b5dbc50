"""A look at where a case's rows come from, before DVC is asked: a database does not say by itself that it has grown."""

from pathlib import Path

from components.core.params.load import load_params
from components.core.params.source import SqlSource


def look_at_database(case: str, root: Path) -> str | None:
    """Ask the database of a case's source how far its rows go, and keep that where the stage `fetch` sees it.

    In words; None where the source is no database.

    Raises:
        CasebookError: the database cannot be asked.
    """
    source = load_params(root / "params.yaml").case(case).source
    if not isinstance(source, SqlSource):
        return None
    from components.sources.sql.watermark import look

    before, now = look(source, root)
    if now.column is None:
        return f"{case}: the source names no watermark: what its query answers is only known by asking it"
    if before is None:
        return f"{case}: {now.rows:,} rows up to {now.column} {now.until}"
    if before.until == now.until:
        return f"{case}: nothing beyond {now.column} {now.until}"
    return f"{case}: {now.rows - before.rows:+,} rows from {now.column} {before.until} to {now.until}"
