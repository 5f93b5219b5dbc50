"""A case of what a query of a database answers: the block of its rows, with the query as its source."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from components.core.params.load import load_params
from components.core.params.source import SqlSource
from components.sources.sql.fetch import fetch
from components.sources.sql.watermark import look
from pipelines.commands.newasked import Asked
from pipelines.commands.newcase import UNKNOWN_ORIGIN, check_name, plan_case, write_case
from pipelines.commands.smoke import bring_mark

FILE = "rows.parquet"


def new_query(
    root: Path,
    name: str,
    like: str | None,
    query: str,
    variable: str,
    watermark: str | None,
    asked: Asked,
    recipe: str | None = None,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    """Read the rows, describe them as `plan_case` does a file, and write the block unless it is a `dry_run`.

    Raises:
        CasebookError: as `plan_case`, or the database cannot be read.
    """
    check_name(load_params(root / "params.yaml"), name)
    with TemporaryDirectory(prefix="casebook-") as folder:
        source = _source(name, query, variable, watermark)
        look(source, Path(folder))
        fetch(source, Path(folder), Path(folder))
        block = plan_case(root, name, like, Path(folder) / FILE, asked, recipe)
        block = {**block, "source": source.model_dump(mode="json")}
        if not dry_run:
            write_case(root, name, block)
            bring_mark(source, Path(folder), root)  # of the rows that were described
    return block


def _source(name: str, query: str, variable: str, watermark: str | None) -> SqlSource:
    return SqlSource(
        kind="sql",
        variable=variable,
        query=query,
        watermark=watermark,
        order=(),
        watch=f"data/watermarks/{name}.json",
        to=FILE,
        **UNKNOWN_ORIGIN,
    )
