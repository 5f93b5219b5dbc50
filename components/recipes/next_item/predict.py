"""A file of users, or of their interactions, through a bundle: any number of rows, some users at a time."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from components.core.errors import CasebookError
from components.core.files import nearest_path, whole_file
from components.core.forgotten import FORGOTTEN
from components.core.histories import HISTORIES
from components.kits.tables.encoding.reading import TextReading
from components.recipes.next_item.preparation.database import one, open_database
from components.recipes.next_item.preparation.ids import ToldIds, ids_in_form
from components.recipes.next_item.preparation.likely import refuse_no_rating, refuse_other_times, say_of_zeros
from components.recipes.next_item.preparation.read import open_raw, unreadable
from components.recipes.next_item.serving.asked import refuse_misnamed, require_user, rows_of_frame
from components.recipes.next_item.serving.cold import feature_columns
from components.recipes.next_item.serving.lists import lists_by_user
from components.recipes.next_item.serving.predictor import RankingPredictor, Recommended, open_predictor
from components.recipes.next_item.serving.remarks import (
    BY_FEATURES,
    NAMELESS,
    UNKNOWN_ALLOWED,
    UNKNOWN_DENIED,
    UNKNOWN_ITEM,
    UNKNOWN_USER,
    Remarks,
)
from components.recipes.shared.stream import WARNINGS, FrameWriter, progress

BATCH_ROWS = 50_000  # interactions answered at a time
BATCH_USERS = 5_000
MEMORY = "512MB"  # of DuckDB, which groups the rows on disk beyond it
ANSWER = pa.schema(
    [
        ("user", pa.string()),
        ("like", pa.string()),
        ("rank", pa.int32()),
        ("item", pa.string()),
        ("score", pa.float64()),
        ("title", pa.string()),
        ("answered_by", pa.string()),
        ("because", pa.string()),
        ("because_title", pa.string()),
        (WARNINGS, pa.list_(pa.string())),
    ]
)
ROLES = ("user", "item", "time", "rating")
LISTED = "select user{first} from raw where user is not null group by user order by min(place)"
FIRSTS = "select user, min(place) as first from raw where user is not null group by user"


def predict_file(bundle: Path, source: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Write the best items of each user of a CSV or Parquet file; returns how many rows.

    With an item column the rows are interactions, in any order: those of a user are the whole
    history that counts. Without one each row names a user, whose stored history is used. Users are
    answered once each, in the order in which the file first has them. `target` is Parquet, or CSV
    where its name says so, and appears whole or not at all. Options: `top`; `allow` and `deny`,
    files of item ids, one a line, or of such ids by user; `include_seen`; `because`; `forgotten`,
    digests of users who are answered as strangers; `histories`, a folder of what is known of users.
    With `users` or `like_item` the file is not read.

    Raises:
        CasebookError: a file cannot be read or has no rows, or a column is missing.
    """
    predictor = open_predictor(bundle)
    if HISTORIES in options:
        predictor.know(options[HISTORIES])
    predictor.forget(options.get(FORGOTTEN, ()))
    chosen = _chosen(options, predictor.data)
    remarks = Remarks()
    with (
        whole_file(target) as temporary,
        tempfile.TemporaryDirectory(prefix=".rows-", dir=target.parent) as folder,
        progress(source, "users") as bar,
        FrameWriter(temporary, target.suffix, fields=ANSWER, lists=[WARNINGS]) as writer,
    ):
        for answer in _answers(predictor, source, Path(folder), options, chosen, remarks):
            writer.write(pd.DataFrame(answer.columns()))
            bar.update(len(set(answer.user)))
        if not writer.rows:
            raise CasebookError(f"{source}: no item is left for any of its users; look at the allow and deny lists")
    remarks.say()
    for message, known in _strangers(predictor).items():
        if message in remarks.found:
            say_of_zeros(source, remarks.found[message][1], known)
    return writer.rows


def _strangers(predictor: RankingPredictor) -> dict[str, Iterable[str | None]]:
    """The remarks on ids that the model does not know, and those that it knows."""
    users, items = (predictor.catalogue.user_ids.tolist(), predictor.catalogue.item_ids.tolist())
    return {UNKNOWN_USER: users, BY_FEATURES: users, UNKNOWN_ITEM: items, UNKNOWN_ALLOWED: items, UNKNOWN_DENIED: items}


def _chosen(options: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """What the predictor is asked with."""
    chosen: dict[str, Any] = {"top": options.get("top"), "because": options.get("because", False)}
    for name in ("allow", "deny"):
        path = options.get(name)
        chosen[name] = None if path is None else lists_by_user(path, data["columns"]) or read_ids(path)
    seen = options.get("include_seen")
    return {**chosen, "exclude_seen": None if seen is None else not seen}


def _answers(
    predictor: RankingPredictor,
    source: Path,
    folder: Path,
    options: Mapping[str, Any],
    chosen: Mapping[str, Any],
    remarks: Remarks,
) -> Iterator[Recommended]:
    if "like_item" in options:
        lists = {name: chosen[name] for name in ("top", "allow", "deny")}
        yield predictor.like([options["like_item"]], remarks=remarks, **lists)
        return
    frames = users_in_turn(source, predictor.data, folder, remarks)
    for rows in _everybody(predictor) if "users" in options else frames:
        try:
            yield predictor.answer(rows_of_frame(rows, predictor.data), remarks=remarks, **chosen)
        except CasebookError as error:
            if str(error).startswith("column "):  # of the rows, and not of a list of items
                raise CasebookError(f"{source}: {error}") from None
            raise


def _everybody(predictor: RankingPredictor) -> Iterator[pd.DataFrame]:
    """The users that the model knows, those who have come since it was fitted too, some at a time."""
    known = [text for text in predictor.catalogue.user_ids if text is not None] + list(predictor.stored.others)
    for start in range(0, len(known), BATCH_USERS):
        yield pd.DataFrame({predictor.columns["user"]: known[start : start + BATCH_USERS]})


def read_ids(path: Path) -> list[str]:
    """The lines of a text file that are not blank.

    Raises:
        CasebookError: there is no such file, it is no text in UTF-8, or it holds no id.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise CasebookError(f"{path}: not found{nearest_path(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CasebookError(f"{path}: not a text file of item ids, one a line: {error}") from None
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise CasebookError(f"{path}: no item id in it; write one a line")
    return ids


def users_in_turn(source: Path, data: Mapping[str, Any], folder: Path, remarks: Remarks) -> Iterator[pd.DataFrame]:
    """The file's rows in frames of whole users, each user once; grouped on disk in `folder`.

    Raises:
        CasebookError: the file cannot be read, is empty, or has no column of users.
    """
    with open_database(folder, MEMORY, threads=1) as connection:
        names = _load(connection, source, data)
        _say_nameless(connection, source, names[0], remarks)
        told = [f"f{place}" for place, name in enumerate(feature_columns(data)) if name in names]
        if data["columns"]["item"] not in names:
            first = "".join(f", arg_min({cell}, place)" for cell in told)
            yield from _frames(connection, LISTED.format(first=first), names, BATCH_USERS)
            return
        listed = ", ".join([*(role for role in ROLES if data["columns"][role] in names), *told])
        query = f"select {listed} from raw join ({FIRSTS}) using (user) order by first, place"  # noqa: S608 - our names
        yield from _whole_users(_frames(connection, query, names, BATCH_ROWS))


def _load(connection: duckdb.DuckDBPyConnection, source: Path, data: Mapping[str, Any]) -> list[str]:
    """Fill the table `raw` (place, user, and of interactions item, time, rating); the raw names of its columns."""
    if not source.is_file():
        raise CasebookError(f"{source}: no such file")
    reading = TextReading.model_validate(data["spec"].get("read", {}))  # bundles of other days have none
    raw, missing = open_raw(connection, source, (), "data", reading), data["spec"]["missing"]
    columns = data["columns"]
    if twice := [name for name in columns.values() if name in raw.twice]:
        raise CasebookError(f"{source}: column {twice[0]!r} stands more than once; rename all but one")
    try:
        user = require_user(raw.columns, columns)
        refuse_misnamed(raw.columns, columns)
    except CasebookError as error:
        raise CasebookError(f"{source}: {error}") from None
    raw.check_ids(user)
    parts, names = [f"{raw.columns[user][0]} as user"], [user]
    interactions = columns["item"] in raw.columns
    roles = [role for role in ROLES[1:] if interactions and columns[role] in raw.columns]
    for role in roles:
        cell, _ = raw.columns[columns[role]]  # as it stands: the predictor reads it
        parts.append(f"{cell} as {role}")
        names.append(columns[role])
    for place, name in enumerate(feature_columns(data)):
        if name in raw.columns and name not in names:
            parts.append(f"{raw.columns[name][0]} as f{place}")
            names.append(name)
    try:
        cells = ", ".join([f"{raw.row} as place", *parts])
        connection.execute(f"create table raw as select {cells} from {raw.table}")  # noqa: S608 - quoted by the reader
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise unreadable(raw, error) from None
    if "time" in roles:
        refuse_other_times(connection, source, data)
    if "rating" in roles:
        refuse_no_rating(connection, source, data)
    # Rows of one user lie together whichever way each of them is written.
    ids_in_form(connection, "raw", "user", missing, told=ToldIds(source), column=user)
    return names


def _say_nameless(connection: duckdb.DuckDBPyConnection, source: Path, user: str, remarks: Remarks) -> None:
    rows, named = one(connection, "select count(*), count(user) from raw")
    if not rows:
        raise CasebookError(f"{source}: it has a header but no rows; give a row for each user")
    if not named:
        raise CasebookError(f"{source}: column {user!r} names no user in any of {rows} row(s)")
    places = connection.execute("select place from raw where user is null order by place").fetchall()
    remarks.add(NAMELESS, [f"row {place}" for (place,) in places])


def _frames(connection: duckdb.DuckDBPyConnection, query: str, names: list[str], rows: int) -> Iterator[pd.DataFrame]:
    for batch in connection.sql(query).to_arrow_reader(rows):
        # Beside a cell without a value whole numbers stay what they are, also past what floats hold.
        yield batch.to_pandas(integer_object_nulls=True).set_axis(names, axis=1)


def _whole_users(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Frames cut where a user ends; only a user of more rows than a frame makes one larger."""
    held: pd.DataFrame | None = None
    for frame in frames:
        both = frame if held is None else pd.concat([held, frame], ignore_index=True)
        user = both.iloc[:, 0].to_numpy()
        begin = int(np.argmax(user == user[-1]))  # of the last user, who may go on in the next frame
        if begin:
            yield both.iloc[:begin].reset_index(drop=True)
        held = both.iloc[begin:].reset_index(drop=True)
    if held is not None:
        yield held
