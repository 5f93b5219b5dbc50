import re

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.kits.tables.suspects import (
    check_identifiers,
    check_leaks,
    class_auc,
    identifier_reason,
    leak_auc,
    named_as_identifier,
    rank_auc,
)
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec, told

RANDOM = np.random.default_rng(3)
N = 400
TARGET = (np.arange(N) % 4 == 0).astype(np.int8)
NOISE = RANDOM.normal(size=N)


@pytest.mark.parametrize(
    "name", ["id", "ID", "customer_id", "CustomerID", "customerid", "UUID", "row-index", "订单编号", "序号", "rownames"]
)
def test_names_of_identifiers(name: str) -> None:
    assert named_as_identifier(name)


@pytest.mark.parametrize("name", ["paid", "width", "Humidity", "grid", "amount", "identity", "年龄", "", "x1"])
def test_other_names(name: str) -> None:
    assert not named_as_identifier(name)


@pytest.mark.parametrize(
    ("name", "values", "kind", "reason"),
    [
        ("x", np.arange(100.0), "numeric", r"counts the rows \(0, 1, 2, \.\.\.\)"),
        ("x", np.arange(1000.0, 0, -10), "numeric", "counts the rows"),
        ("x", np.sort(RANDOM.choice(150, 100, replace=False)).astype(float), "numeric", "counts the rows"),
        ("user_id", RANDOM.permutation(10_000)[:100].astype(float), "numeric", "all its 100 values differ"),
        ("x", [f"u{row}" for row in range(100)], "categorical", "100 of its 100 values differ"),
        ("x", [f"u{row % 96}" for row in range(100)], "categorical", "96 of its 100 values differ"),
    ],
)
def test_identifiers(name: str, values: object, kind: str, reason: str) -> None:
    assert re.search(reason, identifier_reason(name, pd.Series(values), kind) or "none")


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("x", RANDOM.permutation(100).astype(float), "numeric"),  # all differ, in no order, and no name says so
        ("user_id", RANDOM.normal(size=100), "numeric"),
        ("user_id", np.repeat(np.arange(50.0), 2), "numeric"),
        ("x", np.sort(RANDOM.choice(10_000, 100, replace=False)).astype(float), "numeric"),
        ("x", [f"u{row % 95}" for row in range(100)], "categorical"),
        ("x", [f"u{row}" for row in range(19)], "categorical"),  # too few rows to tell
        ("x", [f"some text {row}" for row in range(100)], "text"),
        ("x", [None] * 100, "categorical"),
    ],
)
def test_no_identifiers(name: str, values: object, kind: str) -> None:
    assert identifier_reason(name, pd.Series(values), kind) is None


def test_identifiers_are_named_with_an_example() -> None:
    frame = pd.DataFrame({"n": np.arange(7.0, 107), "code": [f"c{row}" for row in range(100)], "x": NOISE[:100]})
    with pytest.raises(CasebookError) as caught:
        check_identifiers(frame, spec({"n": NUMERIC, "code": CATEGORICAL, "x": NUMERIC}))
    assert str(caught.value).startswith(
        "rows.csv: column n looks like an identifier: it counts the rows (7, 8, 9, ...), such as 7; column code looks "
        "like an identifier: 100 of its 100 values differ, such as 'c0'; move it from prepare.columns to prepare.key"
    )


def test_rank_auc() -> None:
    # of the 2 x 3 pairs of a positive and a negative: 0.8 beats all three, 0.4 beats 0.1 and ties with 0.4
    target, score = np.array([1, 0, 1, 0, 0]), np.array([0.8, 0.4, 0.4, 0.1, 0.6])
    assert rank_auc(score, target) == (3 + 1 + 0.5) / 6


LEAKS = {
    "rank": (pd.Series(TARGET + 0.1 * NOISE), "numeric"),
    "rank, the other way": (pd.Series(-TARGET + 0.1 * NOISE), "numeric"),
    "a class": (pd.Series(np.where(TARGET, "charged off", "paid")), "categorical"),
    "one of many classes": (pd.Series(np.where(TARGET, "off", NOISE.round(1).astype(str))), "categorical"),
    "codes in no order": (pd.Series(np.where(TARGET, 2.0, RANDOM.choice([1.0, 3.0], N))), "numeric"),
    "there or not": (pd.Series(np.where(TARGET, NOISE, np.nan)), "numeric"),
    "a date there or not": (
        pd.Series(np.where(TARGET, np.datetime64("2020-01-01", "us"), np.datetime64("NaT"))),
        "date",
    ),
    "a note there or not": (pd.Series(np.where(TARGET, "x", None), dtype="str"), "text"),
    "a boolean": (pd.Series(TARGET == 1, dtype="boolean"), "boolean"),
    "a boolean there or not": (pd.Series(np.where(TARGET, True, None), dtype="boolean"), "boolean"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_leaks_reach_the_bar(name: str) -> None:
    values, kind = LEAKS[name]
    assert leak_auc(values, kind, TARGET) > 0.99


HONEST = {
    "noise": (pd.Series(NOISE), "numeric"),
    "noise with gaps": (pd.Series(np.where(NOISE > 1, np.nan, NOISE)), "numeric"),
    "one class a row": (pd.Series([f"c{row}" for row in range(N)]), "categorical"),
    "two rows a class": (pd.Series([f"c{row // 2}" for row in range(N)]), "categorical"),
    "many classes": (pd.Series(RANDOM.choice(150, N).astype(str)), "categorical"),
    "many codes": (pd.Series(RANDOM.choice(45, N).astype(float)), "numeric"),
    "notes": (pd.Series([f"text {row}" for row in range(N)]), "text"),
    "nothing": (pd.Series([None] * N, dtype="str"), "categorical"),
    "no date": (pd.Series([pd.NaT] * N).astype("datetime64[us]"), "date"),
}


@pytest.mark.parametrize("name", HONEST)
def test_noise_stays_far_from_the_bar(name: str) -> None:
    values, kind = HONEST[name]
    assert leak_auc(values, kind, TARGET) < 0.8


def test_a_strong_honest_column_stays_below_the_bar() -> None:
    assert 0.9 < leak_auc(pd.Series(TARGET + 0.5 * NOISE), "numeric", TARGET) < 0.99


def test_classes_seen_once_tell_nothing() -> None:
    assert class_auc(np.arange(N), TARGET) == 0.5


def test_a_leak_is_named_with_its_auc() -> None:
    frame = pd.DataFrame({"loss": TARGET * 2.0, "x": NOISE})
    with pytest.raises(
        CasebookError,
        match=r"^rows\.csv: column loss alone reaches AUC 1\.0000 on the training rows .*max_leak_auc is 0\.99",
    ):
        check_leaks(frame, TARGET, spec({"loss": NUMERIC, "x": NUMERIC}))
    check_leaks(frame, TARGET, spec({"loss": NUMERIC}, max_leak_auc=1.0))


def test_too_few_rows_of_a_class_accuse_nobody() -> None:
    target = np.array([1] * 9 + [0] * 50)
    assert told(check_leaks, pd.DataFrame({"x": target * 1.0}), target, spec({"x": NUMERIC})) == ""
