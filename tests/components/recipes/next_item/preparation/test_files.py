"""Forms in which events come: each gives the events that the same rows give as CSV."""

import gzip
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.recipes.next_item.params.interactions import InteractionsParams
from tests.components.recipes.next_item.preparation.events import block, prepare, prepared, with_ids

ROWS = [(user, item, time, 3) for user in ("7", "8") for time, item in enumerate(("a", "b c", "ü"), start=881250949)]
CSV = "user,item,time,rating\n" + "".join(f"{','.join(map(str, row))}\n" for row in ROWS)
BARE = CSV.partition("\n")[2]
JSON = "".join(
    f'{{"user": {user}, "item": "{item}", "time": {time}, "rating": {rating}, "tags": ["x"]}}\n'
    for user, item, time, rating in ROWS
)
NAMES = ["user", "item", "time", "rating"]


def zipped(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("events.csv", text)
    return file.getvalue()


def workbook() -> bytes:
    file = io.BytesIO()
    pd.read_csv(io.StringIO(CSV)).to_excel(file, index=False)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (BARE.replace(",", "::"), {"names": NAMES}),
        (BARE.replace(",", "\t"), {"names": NAMES}),
        (CSV, {"names": NAMES}),  # it has a header after all
        (CSV.replace(",", "^"), {"delimiter": "^"}),
        (JSON, {}),
        (CSV.encode("utf-16"), {}),
        (CSV.encode("latin-1"), {"encoding": "latin-1"}),
        (gzip.compress(CSV.encode(), mtime=0), {}),
        (gzip.compress(JSON.encode(), mtime=0), {}),
        (zipped(CSV), {}),
        (workbook(), {}),
        (CSV.replace("\n", "\r\n"), {}),
    ],
)
def test_every_form_gives_the_same_events(tmp_path: Path, content: str | bytes, read: dict[str, object]) -> None:
    prepare(tmp_path, content, block(read=read))
    assert with_ids(tmp_path) == {
        "train": [("7", "a", 1), ("8", "a", 4)],
        "val": [("7", "b c", 2), ("8", "b c", 5)],
        "test": [("7", "ü", 3), ("8", "ü", 6)],
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prepared", "raw"]
    assert not (tmp_path / "prepared" / ".work").exists()


def test_quotes_may_be_characters_like_any_other(tmp_path: Path) -> None:
    names = ['"Weird Al" Yankovic', '"Heroes"', 'The "Who']
    rows = "".join(f"u\t{name}\t{time}\n" for time, name in enumerate(names))
    columns = {"user": "user", "item": "item", "time": "time", "rating": None}
    prepare(tmp_path, "user\titem\ttime\n" + rows, block(read={"quote": "none"}, columns=columns))
    assert set(prepared(tmp_path)["items"]["id"]) == set(names)


def test_side_files_come_in_these_forms_too(tmp_path: Path) -> None:
    users = {"file": "u.user", "id": "user", "columns": {"job": {"column": "job", "kind": "category"}}}
    users["read"] = {"names": ["user", "age", "job"]}
    prepare(tmp_path, CSV, block(users=users), {"u.user": "7|24|writer\n8|53|lawyer\n"})
    assert prepared(tmp_path)["users"]["job"].tolist() == [2, 1]  # lawyer, writer


def test_names_are_as_many_as_the_cells_of_a_row(tmp_path: Path) -> None:
    with pytest.raises(
        CasebookError, match=r"read.names has 4 name\(s\) \(user, item, time, rating\), and its first row 3"
    ):
        prepare(tmp_path, "1::2::3\n", block(read={"names": NAMES}))


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="'user' stands 2 times; each column has a name of its own"):
        InteractionsParams.model_validate(block(read={"names": ("user", "user")}))
