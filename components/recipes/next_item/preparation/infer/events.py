"""A `prepare` block for events that nobody has described, and what the evaluation can compare by."""

import logging
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from components.core.errors import CasebookError, nearest
from components.core.params.defaults import defaults_of
from components.kits.tables.encoding.reading import AS_THE_HEADER_SAYS, TextReading
from components.recipes.next_item.params.interactions import LEAST_EVENTS
from components.recipes.next_item.preparation.database import open_database
from components.recipes.next_item.preparation.infer.counted import CLICK, clicks, count, lasts
from components.recipes.next_item.preparation.infer.found import Described, describe
from components.recipes.next_item.preparation.infer.roles import can_be, find_roles, fit, may_be_ids
from components.recipes.next_item.preparation.infer.sides import Side, find_id, infer_side, texts

log = logging.getLogger(__name__)

OF_NUMBERS: str | None = "auto"  # `prepare` finds the unit of times itself, and says which it took
MEMORY, THREADS = "2GB", 2
BY_TIME = {"by": "time", "validation": 0.1, "test": 0.1}
MANY_CLICKS = 0.01  # share of events that are double clicks
FEW_AGAIN = 0.02  # share of last events that were seen before
CLEARLY = 0.05  # by which one way round covers more ids of the side files than the other
MOST_GROUPS, MOST_FEATURES = 12, 3  # of users who are compared


@dataclass(frozen=True)
class Said:
    """What a person has said: columns by role (`none` for none), how the files are read, columns to leave out, and
    whether items that a user has had are recommended again.
    """

    roles: Mapping[str, str]
    reading: TextReading = AS_THE_HEADER_SAYS
    ignore: tuple[str, ...] = ()
    repeats: str | None = None


@dataclass(frozen=True)
class Inferred:
    """The block `prepare`, of plain types, and the keys of `evaluate` that name its features."""

    prepare: dict[str, Any]
    evaluate: dict[str, Any]


def infer_events(events: Path, users: Path | None, items: Path | None, said: Said) -> Inferred:
    """Every choice is logged.

    Raises:
        CasebookError: a file cannot be read, or two columns fit a role, or none one that is needed.
    """
    missing = defaults_of("next_item", "params.yaml")["prepare"]["missing"]
    with (
        tempfile.TemporaryDirectory(prefix="casebook-") as folder,
        open_database(Path(folder) / "database", MEMORY, THREADS) as connection,
    ):
        found = describe(connection, events, "--csv", said.reading, missing)
        paths = {"user": users, "item": items}
        sides = {
            role: describe(connection, path, f"--{role}s", said.reading, missing)
            for role, path in paths.items()
            if path is not None
        }
        _check_ignored([found, *sides.values()], said.ignore)
        found = replace(found, facts={name: one for name, one in found.facts.items() if name not in said.ignore})
        roles = dict(said.roles)
        if not found.named:
            roles = _by_sides(connection, found, sides, missing) | roles
        roles = find_roles(events, found.facts, roles, named=found.named)
        for role in ("user", "item"):
            found.raw.check_ids(roles[role])
            _refuse_objects(found, roles[role])
        _tell(found, roles)
        blocks = {
            role: infer_side(connection, side, role, texts(found, roles[role], missing), missing, said.ignore)
            for role, side in sides.items()
        }
        prepare = _prepare(connection, found, roles, missing, said) | _repeats(said)
    prepare |= {f"{role}s": block.block for role, block in blocks.items()}
    return Inferred(prepare, _compared(blocks))


def _check_ignored(files: Sequence[Described], ignore: Sequence[str]) -> None:
    there = [name for file in files for name in file.facts]
    for name in ignore:
        if name not in there:
            raise CasebookError(f"--ignore {name}: no file has such a column{nearest(name, there)}")


def _refuse_objects(found: Described, name: str) -> None:
    """Lines of JSON may hold objects in a column, which have no one way of being written."""
    examples = found.facts[name].examples
    if found.raw.table.startswith("read_json") and all(one[0] + one[-1] in ("{}", "[]") for one in examples):
        raise CasebookError(
            f"{found.path}: column {name}: its cells are objects or lists, such as {examples[0][:60]!r}, and ids are "
            "texts or whole numbers; write the one that names it into a column of its own"
        )


def _repeats(said: Said) -> dict[str, Any]:
    if said.repeats not in (None, "recommend", "exclude"):
        raise CasebookError(f"--repeats {said.repeats}: say recommend or exclude")
    return {} if said.repeats is None else {"repeats": said.repeats}


def _by_sides(
    connection: duckdb.DuckDBPyConnection, found: Described, sides: Mapping[str, Described], missing: Sequence[str]
) -> dict[str, str]:
    """User and item of columns without names, where the ids of the side files fit one way round only."""
    ids = may_be_ids({name: facts for name, facts in found.facts.items() if can_be(facts, "user")})

    def share(role: str, name: str) -> float:
        return find_id(connection, sides[role], role, texts(found, name, missing), missing)[1] if role in sides else 0.0

    shares = {(role, name): share(role, name) for role in ("user", "item") for name in ids}
    ways = {(user, item): shares["user", user] + shares["item", item] for user in ids for item in ids if user != item}
    ordered = sorted(ways, key=lambda way: -ways[way])
    if not ordered or (len(ordered) > 1 and ways[ordered[0]] < ways[ordered[1]] + CLEARLY):
        return {}
    log.info("%s: users and items are told by the ids in the other files", found.path.name)
    return {"user": ordered[0][0], "item": ordered[0][1]}


def _tell(found: Described, roles: Mapping[str, str]) -> None:
    for role in ("user", "item", "time", "rating", "weight"):
        if role in roles:
            facts = found.facts[roles[role]]
            unit = f", {facts.unit or 'in no unit that is known'}" if role == "time" else ""
            log.info("%s: the %s is %s%s", found.path.name, role, facts.shown, unit)
    if "rating" not in roles and "weight" in roles:
        log.warning(
            "%s: %s says how much an event counts, and is read as its rating (codes of about as many events each); "
            "--weight none leaves it out", found.path.name, roles["weight"],
        )  # fmt: skip
    others = [name for name in found.facts if name not in roles.values()]
    for role in ("rating", "weight"):
        called = [found.facts[name] for name in others if role not in roles and fit(name, role) > 1]
        if called and called[0].filled and not called[0].is_number:
            log.warning(
                "%s: %s is called like a %s, and its cells are no plain numbers: it is not read; write numbers with a "
                "decimal point and nothing else", found.path.name, called[0].shown, role,
            )  # fmt: skip
    if others:
        log.info("%s: not read: %s", found.path.name, ", ".join(others))


def _prepare(
    connection: duckdb.DuckDBPyConnection,
    found: Described,
    roles: Mapping[str, str],
    missing: Sequence[str],
    said: Said,
) -> dict[str, Any]:
    rating = roles.get("rating") or roles.get("weight")
    columns = {role: roles[role] for role in ("user", "item", "time")} | {"rating": rating}
    reading = found.reading
    if not found.named:
        by_column = {column: role for role, column in columns.items() if column}
        reading = reading.model_copy(update={"names": tuple(by_column.get(name, name) for name in reading.names)})
        columns = {role: role if column else None for role, column in columns.items()}
    read = reading.model_dump(exclude_defaults=True, mode="json")
    broken, most, again = count(connection, found, roles, missing)
    if again > FEW_AGAIN and said.repeats is None:
        log.warning(
            "%s: %.0f%% of the users' last events are of items that they had before; `prepare` asks whether such are "
            "recommended: --repeats recommend or --repeats exclude (prepare.repeats)", found.path.name, 100 * again,
        )  # fmt: skip
    clicked, events = clicks(connection, found, roles, missing)
    if clicked > MANY_CLICKS * events:
        log.warning(
            "%s: %d of %d events (%.0f%%) come within %d s of another one of the same user and item, as double clicks "
            "do; prepare.merge_within: %d makes such events one", found.path.name, clicked, events,
            100 * clicked / events, CLICK, CLICK,
        )  # fmt: skip
    block: dict[str, Any] = {"file": found.path.name, **({"read": read} if read else {}), "columns": columns}
    block["time_unit"] = _time_unit(found, roles["time"])
    if broken:
        block["max_rejected"] = min(0.99, math.ceil(100 * (0.01 + broken)) / 100)
        log.warning(
            "%s: %.1f%% of the rows lack a user, an item or a time and will be set aside (max_rejected: %g)",
            found.path.name, 100 * broken, block["max_rejected"],
        )  # fmt: skip
    if most <= LEAST_EVENTS:
        block |= _split(connection, found, roles, missing, most)
    return block


def _split(
    connection: duckdb.DuckDBPyConnection, found: Described, roles: Mapping[str, str], missing: Sequence[str], most: int
) -> dict[str, Any]:
    """By time, where users of so few events are there before and after; what is left to train on is told otherwise."""
    short = f"no user has more than {most} event(s), too few to ask each for the last two"
    if lasts(connection, found, roles, missing):
        log.warning("%s: %s: split by time", found.path.name, short)
        return {"split": BY_TIME, "k_core": {"user": 1, "item": 1}}
    log.warning("%s: %s; `prepare` will refuse these: give longer histories", found.path.name, short)
    return {}


def _time_unit(found: Described, name: str) -> str:
    facts = found.facts[name]
    if OF_NUMBERS is not None and facts.is_number:
        return OF_NUMBERS
    if facts.unit is None:
        log.warning(
            "%s: %s is from %g to %g, which is no time since 1970 in any unit: taken as seconds; see prepare.time_unit",
            found.path.name, name, facts.low, facts.high,
        )  # fmt: skip
    return facts.unit or "seconds"


def _compared(sides: Mapping[str, Side]) -> dict[str, Any]:
    """Features of few values, by which users are compared, and the first set of the items."""
    users, items = sides.get("user"), sides.get("item")
    few = [name for name, count in users.values.items() if count <= MOST_GROUPS] if users else []
    sets = [name for name, column in items.block["columns"].items() if column["kind"] == "set"] if items else []
    return {"user_features": few[:MOST_FEATURES], "genres": sets[0] if sets else None}
