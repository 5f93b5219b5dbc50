"""Files of the same rows as people write them, and files that nobody can answer."""

import gzip
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def files_of_rows(rows: pd.DataFrame, folder: Path) -> Iterator[Path]:
    """The rows in eight forms: the first, `rows.parquet`, has types, the others are texts and a workbook."""
    text = rows.to_csv(index=False)
    rows.to_parquet(folder / "rows.parquet")
    (folder / "plain.csv").write_text(text, encoding="utf-8")
    (folder / "utf16.csv").write_bytes(text.encode("utf-16"))
    (folder / "bom.csv").write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    (folder / "rows.csv.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(folder / "rows.zip", "w") as archive:
        archive.writestr("rows.csv", f"sep=;\n{rows.to_csv(index=False, sep=';')}")
    rows.to_excel(folder / "rows.xlsx", index=False)
    rows.to_csv(folder / "comma.csv", index=False, sep=";", decimal=",")
    names = ("rows.parquet", "plain.csv", "utf16.csv", "bom.csv", "comma.csv", "rows.csv.gz", "rows.zip", "rows.xlsx")
    return (folder / name for name in names)


def wrong_files(rows: pd.DataFrame, columns: Mapping[str, Any], folder: Path) -> list[tuple[Path, str]]:
    """Files and a part of what is said of each; `columns` are those that the model reads."""
    numbers = [name for name, column in columns.items() if column.kind == "numeric" and column.max is None]
    number = next(name for name in numbers if rows[name].median() > 0)  # a thousand times nothing is not strange
    first = next(iter(columns))
    lines = rows.to_csv(index=False).splitlines(keepends=True)
    doubled = pd.concat([rows, rows[[first]]], axis=1)
    texts = {
        "header.csv": (lines[0], "no rows"),
        "empty.csv": ("", "empty"),
        "lacking.csv": (rows.drop(columns=first).to_csv(index=False), f"lack 1 column.*'{first}'"),
        "renamed.csv": (
            rows.rename(columns={first: first.upper() + " "}).to_csv(index=False),
            f"'{first}' \\(the file has '{first.upper()}",
        ),
        "twice.csv": (doubled.to_csv(index=False), f"more than once, such as '{first}'"),
        "words.csv": (rows.assign(**{number: "many"}).to_csv(index=False), f"{number}: .*cannot be read"),
        "thousand.csv": (
            rows.assign(**{number: rows[number] * 1000 + 1}).to_csv(index=False),
            f"{number}: .*training",
        ),
    }
    for name, (text, _) in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [(folder / name, message) for name, (_, message) in texts.items()]
