"""A case of a user's own events, what users did with which items, written as a block of `params.yaml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.core.files import file_digest
from components.core.params.defaults import defaults_of
from components.core.params.load import load_params, stated_block
from components.core.yaml_files import dump_yaml
from components.kits.tables.encoding.reading import AS_THE_HEADER_SAYS, TextReading
from components.recipes.next_item.preparation.infer.events import Inferred, Said, infer_events
from pipelines.commands.newcase import (
    EXAMPLES,
    UNKNOWN_ORIGIN,
    pattern,
    read_example,
    shipped,
    shown_path,
    write_case,
)
from pipelines.commands.newplans import UNSTATED

RECIPE = "next_item"


@dataclass(frozen=True)
class Events:
    """The files, and what is said of them."""

    events: Path
    users: Path | None = None
    items: Path | None = None
    roles: Mapping[str, str] | None = None
    reading: TextReading = AS_THE_HEADER_SAYS
    ignore: tuple[str, ...] = ()
    repeats: str | None = None


def are_events(like: str | None, recipe: str | None, *, asked: bool) -> bool:
    """Whether a new case is one of events: its recipe is, or, where none is named, options are `asked`
    that only events have.

    Raises:
        CasebookError: such options are given beside a case of something else.
    """
    if asked and recipe not in (None, RECIPE):
        raise CasebookError(
            f"{like} is no case of events, which alone take --users, --items, --user, --item, --rating, "
            f"--weight, --repeats, --delimiter and --quote; take --recipe {RECIPE}"
        )
    return asked if recipe is None else recipe == RECIPE


def recipe_of_pattern(root: Path, like: str) -> str:
    """The recipe of a case of `params.yaml`, or of an example.

    Raises:
        CasebookError: `like` is neither.
    """
    params, example = load_params(root / "params.yaml"), root / EXAMPLES / f"{like}.yaml"
    found = read_example(example) if like not in params.cases and example.is_file() else params.case(like)
    return found.recipe


def make_events(
    name: str,
    like: str | None,
    events: Path,
    users: Path | None,
    items: Path | None,
    roles: Mapping[str, str | None],
    reading: Mapping[str, str | None],
    ignore: Sequence[str],
    repeats: str | None,
    *,
    dry_run: bool,
) -> None:
    """What `casebook new` does for events: the block is printed and, unless it is a `dry_run`, written."""
    said = {role: column for role, column in roles.items() if column is not None}
    read = read_block(TextReading, {key: text for key, text in reading.items() if text is not None}, "casebook new")
    given = Events(events, users, items, said, read, tuple(ignore), repeats)
    root = Path.cwd()
    block = (plan_events if dry_run else new_events)(root, name, like or shipped(root, RECIPE), given)
    typer.echo(dump_yaml({name: _shown(stated_block(block, "params.yaml"))}))
    if not dry_run:
        typer.echo(f"params.yaml has the case {name}; look it over, commit it, then: casebook run {name}")


def _shown(stated: dict[str, Any]) -> dict[str, Any]:
    """What of a block was found in the files."""
    compared = {key: names for key, names in stated["evaluate"].items() if key in ("user_features", "genres")}
    return {"prepare": stated["prepare"], **({"evaluate": compared} if compared else {})}


def new_events(root: Path, name: str, like: str, given: Events) -> dict[str, Any]:
    """Add the block of `plan_events` to `params.yaml`, after checking that the whole file is still right; returns it.

    Raises:
        CasebookError: as `plan_events`.
    """
    block = plan_events(root, name, like, given)
    write_case(root, name, block)
    return block


def plan_events(root: Path, name: str, like: str, given: Events) -> dict[str, Any]:
    """The block for the events, and for what is known of users and items, which lie in one folder.

    Raises:
        CasebookError: the name is taken or not of the form `a_name`, a file cannot be read, or which columns are the
            users, items and times has to be said.
    """
    block = pattern(root, name, like)
    beside = [path for path in (given.users, given.items) if path is not None]
    if elsewhere := [path for path in beside if path.resolve().parent != given.events.resolve().parent]:
        raise CasebookError(
            f"{elsewhere[0]}: it lies in another folder than {given.events}; put the files of a case into one folder"
        )
    if beside and root.resolve().is_relative_to(given.events.resolve().parent):
        raise CasebookError(
            f"{given.events}: with files beside it, all of its folder is watched for changes, here the checkout; "
            f"put these files into a folder of their own, such as {name}/"
        )
    found = infer_events(
        given.events, given.users, given.items, Said(given.roles or {}, given.reading, given.ignore, given.repeats)
    )
    return _fill(block, found, _source(given.events, beside, root))


def _fill(block: dict[str, Any], found: Inferred, source: dict[str, Any]) -> dict[str, Any]:
    """The block of the case it is like, less all that speaks of that case's events, users and items."""
    usual = defaults_of(RECIPE, "params.yaml")["prepare"]
    return {
        **block,
        "source": source,
        "prepare": found.prepare | {key: value for key, value in usual.items() if key not in found.prepare},
        "evaluate": {**block["evaluate"], **found.evaluate, **UNSTATED},
    }


def _source(events: Path, beside: list[Path], root: Path) -> dict[str, Any]:
    shown = shown_path(events, root)
    return {
        "kind": "file",
        "path": shown,
        "watch": str(Path(shown).parent) if beside else shown,
        "beside": {path.name: file_digest(path) for path in beside},
        "to": events.name,
        "sha256": file_digest(events),
        **UNKNOWN_ORIGIN,
    }
