"""Numbers in the writing of many countries, through `new`, the prepare step and `predict`: the same, or a refusal."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import clean, convert
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.infer import infer_table
from components.kits.tables.numbers.decide import NOT_STATED, Stated
from components.kits.tables.numbers.trained import Expected, batches_as_trained, frame_as_expected
from components.kits.tables.read import read_table
from components.kits.tables.write import summarise
from tests.examples import examples

ROWS = 24
THIN_SPACE, APOSTROPHE = "\N{NARROW NO-BREAK SPACE}", "\N{RIGHT SINGLE QUOTATION MARK}"


@dataclass(frozen=True)
class Dialect:
    decimal: str
    thousands: str  # "indian" groups by two
    delimiter: str

    @property
    def stated(self) -> Stated:
        known = {THIN_SPACE: " ", APOSTROPHE: "'", "indian": ",", "": None}
        return Stated(self.decimal, known.get(self.thousands, self.thousands))

    def write(self, number: Decimal, places: int | None) -> str:
        """With so many decimals, or no more than the number needs."""
        text = f"{number:.{places}f}" if places is not None else format(number.normalize(), "f")
        sign, whole, fraction = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", text).groups()  # type: ignore[union-attr]
        return f"{sign}{self._grouped(whole)}{self.decimal + fraction if fraction else ''}"

    def _grouped(self, whole: str) -> str:
        if self.thousands == "indian":
            head, tail = whole[:-3], whole[-3:]
            pairs = re.findall(r"\d{1,2}", head[::-1])
            return ",".join([*(pair[::-1] for pair in reversed(pairs)), tail])
        return f"{int(whole):,}".replace(",", self.thousands) if self.thousands else whole


DIALECTS = st.builds(
    Dialect,
    decimal=st.sampled_from(".,"),
    thousands=st.sampled_from(["", ".", ",", " ", THIN_SPACE, "'", APOSTROPHE, "indian"]),
    delimiter=st.sampled_from(",;\t|"),
).filter(lambda one: one.decimal != ("," if one.thousands == "indian" else one.thousands))


@dataclass(frozen=True)
class Column:
    """Numbers of at most `places` decimals, `fixed` if each is written with as many, and what stands around them."""

    numbers: Sequence[Decimal]
    places: int
    fixed: bool
    around: str

    def write(self, dialect: Dialect) -> list[str]:
        places = self.places if self.fixed else None
        return [self.around.format(dialect.write(number, places)) for number in self.numbers]


@st.composite
def columns(draw: st.DrawFn) -> Column:
    places = draw(st.sampled_from([0, 0, 1, 2, 3, 3, 4]))
    most = draw(st.sampled_from([90, 5_000, 90_000, 9_000_000]))
    least = draw(st.sampled_from([-most // 10, 1]))
    rounded = draw(st.sampled_from([1, 1, 10, 100]))  # people round
    random = Random(draw(st.integers(0, 2**32)))  # noqa: S311 - numbers of many sizes, told by a seed
    numbers = [rounded * random.randint(least, most) * Decimal(10) ** -places for _ in range(ROWS)]
    around = draw(st.sampled_from(["{}", "{}", "{}", "€{}", "{} €", "{}%", "{} kg"]))
    return Column(numbers, places, draw(st.booleans()), around)


TABLES = st.lists(columns(), min_size=1, max_size=4)


def write(path: Path, table: list[Column], dialect: Dialect) -> Path:
    cells = [column.write(dialect) for column in table]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=dialect.delimiter)
        writer.writerow([*(f"v{place}" for place in range(len(table))), "y"])
        writer.writerows([*row, "yes" if place % 3 else "no"] for place, row in enumerate(zip(*cells, strict=True)))
    return path


def assert_same(found: Any, table: list[Column], names: Sequence[str], shown: object) -> None:
    for name in names:
        expected = [float(number) for number in table[int(name[1:])].numbers]
        np.testing.assert_allclose(found[name].to_numpy(np.float64), expected, rtol=1e-12, err_msg=f"{name}: {shown}")


def numbers_in(block: dict[str, Any]) -> list[str]:
    """Columns of numbers, but those of which some are told to stand for no value, such as -9."""
    columns = {name: column for name, column in block["columns"].items() if not column.get("missing")}
    return [name for name, column in columns.items() if column["kind"] in ("numeric", "amount")]


def learned(path: Path, table: list[Column], stated: Stated = NOT_STATED) -> dict[str, Any]:
    """`Meta.data` as `new` and the prepare step leave it, after checking that they read the same numbers."""
    block = infer_table(path, "y", None, numbers=stated)
    assert not [reason for reason in block["ignore"].values() if "differ" in reason], block["ignore"]
    spec = TableParams.model_validate(block)
    frame = frame_as_expected(path, read_table(path), Expected.of_block(spec))
    typed = convert(frame, spec.columns, spec.missing).frame
    assert_same(typed, table, numbers_in(block), path.read_text(encoding="utf-8"))
    summary = {name: summarise(typed[name], column.kind) for name, column in spec.columns.items()}
    return {"spec": spec.model_dump(mode="json"), "summary": summary}


def refusal(ask: Callable[[], Any]) -> str:
    """What is said instead of an answer; nothing where there is one."""
    try:
        ask()
    except CasebookError as error:
        return str(error)
    return ""


def is_plain(dialect: Dialect, text: str) -> bool:
    """Points between ; are taken for thousands (1.234 beside 5), unless one of the numbers proves decimals."""
    return (
        dialect.delimiter != ";" or dialect.decimal == "," or bool(re.search(r"\.(\d{1,2}|\d{4,})(\D|$)|\b0\.", text))
    )


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=TABLES, dialect=DIALECTS, other=DIALECTS)
def test_numbers_come_back_as_they_were_or_are_refused(
    table: list[Column], dialect: Dialect, other: Dialect, tmp_path: Path
) -> None:
    path = write(tmp_path / "rows.csv", table, dialect)
    stated = NOT_STATED if is_plain(dialect, path.read_text(encoding="utf-8")) else dialect.stated
    if refused := refusal(lambda: infer_table(path, "y", None, numbers=stated)):
        assert re.search("--decimal|ways|no column is left", refused)
        stated = dialect.stated
    if refused := refusal(lambda: infer_table(path, "y", None, numbers=stated)):
        assert "no column is left" in refused, "what is stated settles it"
        return
    data = learned(path, table, stated)
    for written in (dialect, other):
        new = write(tmp_path / "new.csv", table, written)
        if refused := refusal(lambda new=new: list(batches_as_trained(new, ROWS, data)())):  # type: ignore[misc]
            assert written != dialect, refused
        else:
            rows = next(batches_as_trained(new, ROWS, data)())
            shown = (data["spec"]["columns"], new.read_text(encoding="utf-8"))
            assert_same(clean(rows, data), table, numbers_in(data["spec"]), shown)
