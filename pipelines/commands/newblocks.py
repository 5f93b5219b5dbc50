"""The block of a new case by what it is made of, written into `params.yaml` unless that is only tried."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.blocks import read_block
from components.kits.tables.encoding.reading import Reading
from components.kits.tables.hints import Hints, by_column
from components.recipes.detection.preparation.kinds import Chosen
from pipelines.commands.newasked import Asked
from pipelines.commands.newcase import new_case, new_example, plan_case, plan_example, shipped
from pipelines.commands.newimages import new_images, plan_images, read_planes
from pipelines.commands.newquery import new_query

IMAGES = "medical_cells"  # the pattern where none is named


def block_of_example(name: str, file: Path, *, dry_run: bool) -> dict[str, Any]:
    return (plan_example if dry_run else new_example)(Path.cwd(), name, file)


def block_of_images(
    name: str,
    like: str | None,
    recipe: str | None,
    folder: Path,
    channel: int | None,
    planes: Sequence[str] | None,
    pixel_size: float | None,
    boxes: Sequence[str] | None,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    make, chosen = plan_images if dry_run else new_images, Chosen(channel, read_planes(planes or ()), pixel_size)
    pattern = like if recipe is None else shipped(Path.cwd(), recipe)
    return make(Path.cwd(), name, pattern or IMAGES, folder, chosen, tuple(boxes or ()))


def block_of_rows(
    name: str,
    like: str | None,
    recipe: str | None,
    csv: Path | None,
    query: str | None,
    variable: str | None,
    watermark: str | None,
    asked: Asked,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    """A table's or a cohort's, of a file or of what a query answers."""
    if csv is not None:
        return (plan_case if dry_run else new_case)(Path.cwd(), name, like, csv, asked, recipe)
    assert query is not None
    assert variable is not None
    return new_query(Path.cwd(), name, like, query, variable, watermark, asked, recipe, dry_run=dry_run)


def hints_of(
    reading: Mapping[str, str | None],
    ignore: Sequence[str] | None,
    missing: Sequence[str] | None,
    present: Sequence[str] | None,
    dates: Sequence[str] | None,
) -> Hints:
    """What options say of columns, `COLUMN=TEXT` each, and of how the file is read."""
    return Hints(
        read_block(Reading, dict(reading), "--encoding"),
        tuple(ignore or ()),
        missing=by_column("--missing", missing or ()),
        present=by_column("--present", present or ()),
        dates=by_column("--dates", dates or ()),
    )
