from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import clean
from components.kits.tables.numbers.trained import Expected, batches_as_trained, frame_as_expected
from components.kits.tables.observed import rows_as_trained
from components.kits.tables.read import read_table
from components.recipes.binary.predict import predict_file
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec
from tests.conftest import Fitted
from tests.toy.jobs import TOY

GERMAN = {"kind": "amount", "thousands": ".", "decimal": ",", "unit": "", "min": None, "max": None}
ENGLISH = GERMAN | {"thousands": ",", "decimal": "."}


def data(columns: dict[str, Any], ranges: dict[str, tuple[float, float]] | None = None, **changes: Any) -> Any:
    """`Meta.data`, with the least and largest training value of some columns."""
    summary = {name: {"quantiles": {"0": low, "1": high}} for name, (low, high) in (ranges or {}).items()}
    return {"spec": spec(columns, **changes).model_dump(mode="json"), "summary": summary}


def read(folder: Path, text: str, known: Any) -> list[list[float | None]]:
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    typed = pd.concat([clean(rows, known) for rows in batches_as_trained(folder / "rows.csv", 2, known)()])
    return [[None if value != value else value for value in row] for row in typed.to_numpy().tolist()]


PLAIN = {"a": NUMERIC, "b": NUMERIC}


@pytest.mark.parametrize(
    ("columns", "text", "expected"),
    [
        (PLAIN, "a,b\n0.5,1000\n2,7\n", [[0.5, 1000], [2, 7]]),
        (PLAIN, "a;b\n0,5;1000\n2;7\n", [[0.5, 1000], [2, 7]]),
        # What the last row proves holds for the first, in another batch.
        (PLAIN, "a;b\n2;1.500\n3;900\n4;800\n0,5;-1.234.567,5\n", [[2, 1500], [3, 900], [4, 800], [0.5, -1234567.5]]),
        (PLAIN, 'a,b\n0.5,"1,000"\n2,7\n', [[0.5, 1000], [2, 7]]),
        (PLAIN, "a,b\n0.5,1'000\n,x\n", [[0.5, 1000], [None, None]]),
        (PLAIN, "a,b\n.5,1 234.5\n5.,\n", [[0.5, 1234.5], [5, None]]),
        (PLAIN, 'a,b\n0.5,"12,34,567"\n', [[0.5, 1234567]]),
        ({"a": GERMAN, "b": GERMAN}, "a;b\n0,5;1.000\n", [[0.5, 1000]]),
        ({"a": GERMAN, "b": GERMAN}, 'a,b\n0.5,1.000\n,"1,234.5"\n', [[0.5, 1], [None, 1234.5]]),
        ({"a": GERMAN, "b": NUMERIC}, "a;b\n0,5;1.000\n", [[0.5, 1000]]),  # whole numbers when it was learned
        ({"a": ENGLISH, "b": GERMAN}, "a;b\n0.5;1.234,5\n", [[0.5, 1234.5]]),  # as a person has said of each
        (
            {"a": ENGLISH | {"suffixes": {"H": 1.0}}, "b": NUMERIC},
            "a;b\n1.234,5 H;2\n0,5;<1,5\n",
            [[1234.5, 2], [0.5, None]],
        ),
        ({"a": ENGLISH | {"unit": "kg"}, "b": NUMERIC}, "a;b\n1.234,5 kg;2\n", [[1234.5, 2]]),
    ],
)
def test_a_file_in_another_writing_is_read_rightly(
    columns: Any, text: str, expected: list[list[float | None]], tmp_path: Path
) -> None:
    assert read(tmp_path, text, data(columns)) == expected


@pytest.mark.parametrize(
    ("columns", "text", "message"),
    [
        (
            PLAIN,
            "a;b\n129.0;1.000\n",
            "column b: cannot tell whether '1.000' is thousands or has a decimal point, as '129.0'",
        ),
        (PLAIN, "a;b\n0.5;1,5\n", "'0.5' in column a has a decimal point, and '1,5' in column b has a decimal comma"),
        (PLAIN, 'a,b\n5,"1,000"\n', "'1,000' is thousands or has a decimal comma.* no such mark"),
        (PLAIN, "a,b\n7,2.500\n8,900\n", "'900' beside it has no decimals"),
        ({"a": ENGLISH, "b": ENGLISH}, "a;b\n5;1,234\n", "; between the fields is for decimal commas"),
    ],
)
def test_what_is_open_is_refused(columns: Any, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=f"rows.csv: .*{message}"):
        read(tmp_path, text, data(columns))


def test_trainings_values_settle_what_the_file_leaves_open(tmp_path: Path) -> None:
    density = data(PLAIN, {"b": (0.99, 1.04)})
    assert read(tmp_path, "a;b\n7.4;1.001\n", density) == [[7.4, 1.001]]
    with pytest.raises(CasebookError, match=r"'1\.001'"):
        read(tmp_path, "a;b\n7.4;1.001\n", data(PLAIN, {"b": (0.5, 5000)}))
    with pytest.raises(CasebookError, match="training's numbers are of the other size"):
        read(tmp_path, "a,b\n7,2.512\n", data(PLAIN, {"b": (900.5, 5000)}))
    with pytest.raises(CasebookError, match="training's numbers are whole"):
        read(tmp_path, "a,b\n7,2.512\n", data(PLAIN, {"b": (1, 5000)}))
    with pytest.raises(CasebookError, match="training's numbers are of the other size"):
        read(tmp_path, 'a,b\n7,"2,512"\n', data({"a": NUMERIC, "b": ENGLISH}, {"b": (1.5, 4)}))


def test_what_a_person_has_stated_is_not_asked_again(tmp_path: Path) -> None:
    stated = data(PLAIN, numbers={"decimal": ".", "thousands": ","})
    assert read(tmp_path, "a;b\n129.0;1.000\n", stated) == [[129, 1]]
    assert read(tmp_path, 'a,b\n5,"1,000"\n', stated) == [[5, 1000]]
    assert read(tmp_path, "a;b\n0,5;1.000\n", stated) == [[0.5, 1000]]  # what a file proves counts more


def test_numbers_with_a_type_need_no_evidence(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": [1.234, 900.0], "b": ["0,5", "1.234"]})
    rows.to_parquet(tmp_path / "rows.parquet")
    (found,) = batches_as_trained(tmp_path / "rows.parquet", 9, data(PLAIN))()
    assert clean(found, data(PLAIN)).to_numpy().tolist() == [[1.234, 0.5], [900, 1234]]


def test_a_whole_frame_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a;b;c\n0,5;1.000;x\n0,7;2;1,5\n", encoding="utf-8")
    frame = frame_as_expected(path, read_table(path), Expected.of_block(spec({**PLAIN, "c": CATEGORICAL})))
    assert frame.to_numpy().tolist() == [["0.5", "1000", "x"], ["0.7", "2", "1,5"]]
    assert caplog.messages == [
        "2 column(s) write their numbers in another way than training, and are read by theirs, with a decimal comma "
        "(proven by '0,5' in column a): such as '0,5' in column a"
    ]


def asked(folder: Path, rows: pd.DataFrame, delimiter: str = ",") -> Path:
    path = folder / "asked.csv"
    rows.to_csv(path, index=False, sep=delimiter)
    return path


def test_predict_answers_rows_with_decimal_commas_as_those_with_points(fitted: Fitted, tmp_path: Path) -> None:
    rows = pd.read_csv(TOY / "finance_risk" / "rows.csv", dtype=str).head(40)
    rows["Income"] = rows["Income"] + ".5"
    plain, other = tmp_path / "plain.csv", tmp_path / "other.csv"
    predict_file(fitted.bundle, asked(tmp_path, rows), plain, {})
    german = rows.assign(
        Income=rows["Income"].str.replace(".", ","),
        Price=[f"{int(price):,}".replace(",", ".") for price in rows["Price"]],
    )
    predict_file(fitted.bundle, asked(tmp_path, german, ";"), other, {})
    assert other.read_bytes() == plain.read_bytes()
    (seen,) = rows_as_trained(fitted.job, tmp_path / "asked.csv")  # as monitoring reads and logs them
    assert seen["Price"].tolist() == rows["Price"].tolist()


def test_predict_writes_nothing_for_a_file_of_two_writings(fitted: Fitted, tmp_path: Path) -> None:
    rows = pd.read_csv(TOY / "finance_risk" / "rows.csv", dtype=str).head(40)
    rows["Income"] = rows["Income"] + ".0"
    rows["Price"] = [f"{int(price):,}".replace(",", ".") for price in rows["Price"]]
    with pytest.raises(
        CasebookError, match=r"column Price: cannot tell whether '.*' is thousands or has a decimal point, as"
    ):
        predict_file(fitted.bundle, asked(tmp_path, rows, ";"), tmp_path / "answers.csv", {})
    assert not (tmp_path / "answers.csv").exists()
    (seen,) = rows_as_trained(fitted.job, tmp_path / "asked.csv")  # monitoring looks at them as they stand
    assert seen["Price"].tolist() == rows["Price"].tolist()
