"""Files as users have them: what a new case must hold on, each made from its seed alone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 600


@dataclass(frozen=True)
class Table:
    """A file and its target column."""

    file: str
    target: str
    write: Callable[[Path], None]


def signal(rng: np.random.Generator, rows: int = ROWS, share: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """A number (N,) and an answer of 0 and 1 (N,) that leans on it; `share` of the answers are 1."""
    number = rng.normal(size=rows)
    noisy = number + rng.normal(size=rows)
    return number, (noisy > np.quantile(noisy, 1 - share)).astype(int)


def names(path: Path) -> None:
    """Column names with blanks, quotes, brackets, JSON's signs, a newline, and Chinese; two alike but for case."""
    rng = np.random.default_rng(1)
    number, answer = signal(rng)
    frame = pd.DataFrame(
        {
            "年收入 (元)": np.round(50_000 + 9_000 * number, 2),
            'a "quoted", name': rng.normal(size=ROWS).round(3),
            "[x]{y}:z": rng.integers(0, 9, ROWS),
            "two\nlines": rng.normal(size=ROWS).round(3),
            "Amount": rng.normal(size=ROWS).round(3),
            "amount": rng.normal(size=ROWS).round(3),
            "mean - of `it` = 100%": rng.choice(["a", "b"], ROWS),
            "城市": rng.choice(["北京", "上海", "广州", "深圳"], ROWS),
            "null": rng.choice(["x", "y", "z"], ROWS),
            "yes": rng.choice(["yes", "no"], ROWS),
            "score": rng.normal(size=ROWS).round(3),
            "decision": rng.choice(["d", "e"], ROWS),
            "reasons": rng.choice(["r", "s", "t"], ROWS),
            "numeric": rng.normal(size=ROWS).round(3),
            "是否违约": np.where(answer == 1, "是", "否"),
        }
    )
    frame.to_csv(path, index=False)


def kinds(path: Path) -> None:
    """Dates in two forms, booleans of three makes, ids, free text, thousands of categories, holes everywhere."""
    rng = np.random.default_rng(2)
    rows = 4_000
    number, answer = signal(rng, rows, 0.2)
    words = np.array(
        [
            "late",
            "paid",
            "never",
            "again",
            "please",
            "call",
            "back",
            "about",
            "the",
            "new",
            "loan",
            "tomorrow",
            "refund",
            "broken",
            "ok",
        ]
    )
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D")
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{n:07d}" for n in rng.permutation(rows)],
            "row": np.arange(rows),
            "opened": days.strftime("%d/%m/%Y"),
            "seen_at": (days + pd.to_timedelta(rng.integers(0, 86_400, rows), unit="s")).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "vip": rng.choice(["True", "False"], rows),
            "mail": rng.choice(["Y", "N"], rows),
            "flag": rng.choice(["1", "0"], rows),
            "note": [" ".join(rng.choice(words, rng.integers(3, 12))) for _ in range(rows)],
            "merchant": [f"shop {n}" for n in rng.integers(0, 2_500, rows)],
            "number": number.round(4),
            "infinite": np.where(rng.random(rows) < 0.002, "inf", rng.normal(size=rows).round(2).astype(str)),
            "constant": "same",
            "empty": "",
            "churned": np.where(answer == 1, "yes", "no"),
        }
    ).astype(object)
    for name in frame.columns.drop(["customer_id", "row", "churned"]):
        frame.loc[rng.random(rows) < 0.15, name] = rng.choice(["", "NA", "?"])
    frame.to_csv(path, index=False)


def padded(path: Path) -> None:
    """Values and answers padded with blanks, in mixed case, separated by semicolons, amounts as people write them."""
    rng = np.random.default_rng(3)
    number, answer = signal(rng)
    frame = pd.DataFrame(
        {
            " salary ": [f" {50_000 + 9_000 * value:,.2f} " for value in number],
            "price": [f"€ {value:,.0f}" for value in rng.integers(900, 90_000, ROWS)],
            "share": [f"{value}%" for value in rng.integers(0, 100, ROWS)],
            "grade": rng.choice([" A", "A ", "b", " B ", "c   "], ROWS),
            "bought": np.where(
                answer == 1, rng.choice([" Yes", "yes ", "YES"], ROWS), rng.choice(["no", " No "], ROWS)
            ),
        }
    )
    frame.to_csv(path, index=False, sep=";")


def rare(path: Path) -> None:
    """A positive class of 1.5%, and holes."""
    rng = np.random.default_rng(4)
    rows = 3_000
    number, answer = signal(rng, rows, 0.015)
    frame = pd.DataFrame(
        {"x": number.round(4), "y": rng.normal(size=rows).round(4), "z": rng.choice(list("abc"), rows)}
    )
    frame.loc[rng.random(rows) < 0.3, "y"] = np.nan
    frame.assign(fraud=answer).to_csv(path, index=False)


def only_categories(path: Path) -> None:
    """No number at all, nor a hole that would make one."""
    rng = np.random.default_rng(5)
    number, answer = signal(rng)
    bins = np.array(["low", "some", "more", "high"])[np.digitize(number, [-0.7, 0, 0.7])]
    frame = pd.DataFrame({"level": bins, "colour": rng.choice(["red", "green"], ROWS), "target": answer})
    frame.to_csv(path, index=False)


def only_numbers(path: Path) -> None:
    """No category at all; the answer is called `target` and is 1.0 or 0.0."""
    rng = np.random.default_rng(6)
    number, answer = signal(rng)
    frame = pd.DataFrame({"a": number.round(4), "b": rng.normal(size=ROWS).round(4), "label": answer.astype(float)})
    frame.to_csv(path, index=False)


def wide(path: Path) -> None:
    """Sixty columns, some of them constant but for a few rows."""
    rng = np.random.default_rng(7)
    number, answer = signal(rng)
    columns = {f"f{n}": rng.normal(size=ROWS).round(4) for n in range(40)}
    columns |= {f"c{n}": rng.choice(list("abcd"), ROWS) for n in range(15)}
    columns |= {f"seldom{n}": (rng.random(ROWS) < 0.01).astype(int) for n in range(4)}
    pd.DataFrame(columns | {"signal": number.round(4), "good": np.where(answer == 1, "no", "yes")}).to_csv(
        path, index=False
    )


def one_column(path: Path) -> None:
    """A single boolean column with holes beside the answer, tabs between them, and a byte-order mark."""
    rng = np.random.default_rng(8)
    number, answer = signal(rng)
    cells = np.where(rng.random(ROWS) < 0.1, "", np.where(number > 0, "t", "f"))
    frame = pd.DataFrame({"above": cells, "won": np.where(answer == 1, "true", "false")})
    frame.to_csv(path, index=False, sep="\t", encoding="utf-8-sig")


def visits(path: Path) -> None:
    """Several rows a patient, so that rows are not independent; decimal commas; answers that padding makes differ."""
    rng = np.random.default_rng(9)
    rows = 1_500
    number, answer = signal(rng, rows)
    frame = pd.DataFrame(
        {
            "patient_id": rng.integers(10_000, 10_300, rows),
            "zip code": rng.choice(["01234", "04567", "80331", "10115"], rows),
            "value": [f"{value:.2f}".replace(".", ",") for value in 100 + 10 * number],
            "when": pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, rows), unit="D"),
            "outcome": np.where(answer == 1, "1 ", " 0"),
        }
    )
    frame.to_csv(path, index=False, sep=";")


TABLES = {
    "names": Table("我的 rows (1).csv", "是否违约", names),
    "kinds": Table("kinds.csv", "churned", kinds),
    "padded": Table("padded.csv", "bought", padded),
    "rare": Table("rare rows.csv", "fraud", rare),
    "only_categories": Table("only_categories.csv", "target", only_categories),
    "only_numbers": Table("only_numbers.csv", "label", only_numbers),
    "wide": Table("wide.csv", "good", wide),
    "one_column": Table("one_column.tsv", "won", one_column),
    "visits": Table("visits.csv", "outcome", visits),
}
