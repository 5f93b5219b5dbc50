import logging

import numpy as np
import pandas as pd
import pytest

from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.hindsight import Hindsight, find_hindsight, hindsight_table, tell_hindsight
from components.kits.tables.look import MOST_ROWS, deal_folds, sample
from tests.components.kits.tables.tables import CATEGORICAL, NUMERIC, spec

ROWS = 3_000


def loans(seed: int = 0, rows: int = ROWS) -> tuple[pd.DataFrame, np.ndarray]:
    """Made-up loans; `x` is what a lender asks, `paid` and `left` are written later, `rate` and `grade` are its own."""
    random = np.random.default_rng(seed)
    income, score, debts = random.lognormal(10.8, 0.5, rows), random.normal(690, 40, rows), random.gamma(4, 5, rows)
    amount = np.clip(income * random.uniform(0.05, 0.4, rows), 1_000, 40_000).round(-2)
    risk = -0.9 * (score - 690) / 40 + 0.5 * (debts - 20) / 10 + 0.7 * random.normal(size=rows)
    bad = random.random(rows) < 1 / (1 + np.exp(1.6 - 0.8 * risk))
    rate = np.clip(12 + 2.5 * risk + random.normal(0, 0.8, rows), 5, 30)
    part = np.where(bad, random.beta(2, 2, rows), 1.0)
    running = ~bad & (random.random(rows) < 0.5)
    left = np.where(bad, amount * (1 - part) * random.uniform(0.3, 1, rows), 0.0)
    left = np.where(running, amount * random.uniform(0, 0.9, rows), left)
    paid = np.where(bad, amount * part * random.uniform(0.5, 1, rows), (amount - left) * (1 + rate / 60))
    frame = {"amount": amount, "income": income, "score": score, "debts": debts, "paid": paid, "left": left}
    return pd.DataFrame(
        {**frame, "rate": rate, "grade": pd.cut(rate, 6, labels=list("ABCDEF")).astype(str)}
    ), bad.astype(np.int8)


FRAME, BAD = loans()
ASKED = ["amount", "income", "score", "debts"]


def block(*names: str, known: tuple[str, ...] = ()) -> TableParams:
    columns = {name: CATEGORICAL if name == "grade" else NUMERIC for name in [*ASKED, *names]}
    return spec(columns, known=list(known))


def found(*names: str, known: tuple[str, ...] = (), rename: dict[str, str] | None = None) -> list[tuple[str, ...]]:
    rename = rename or {}
    columns = {rename.get(name, name): column for name, column in block(*names).columns.items()}
    named = spec({name: column.model_dump() for name, column in columns.items()}, known=list(known))
    return [one.columns for one in find_hindsight(FRAME.rename(columns=rename), BAD, named)]


def test_what_was_paid_and_what_is_left_are_told_with_both_figures() -> None:
    (one,) = find_hindsight(FRAME, BAD, block("paid", "left"))
    assert (one.columns, one.kind) == (("paid", "left"), "after")
    assert one.auc > 0.96
    assert one.without < 0.75
    assert one.told().startswith(
        f"paid, left: a small tree model reaches AUC {one.auc:.3f} with and {one.without:.3f} "
    )
    assert "prepare.known: [paid, left]" in one.told()


def test_a_rate_and_its_grade_are_told_together() -> None:
    (one,) = find_hindsight(FRAME, BAD, block("rate", "grade"))
    assert (one.columns, one.kind) == (("rate", "grade"), "judgement")
    assert 0.02 < one.auc - one.without < 0.1


def test_a_date_that_comes_after_the_outcome_is_told_by_the_time_between_two() -> None:
    random = np.random.default_rng(6)
    opened = np.datetime64("2015-01-01", "us") + random.integers(0, 2_000, ROWS) * np.timedelta64(1, "D")
    days = np.where(BAD, random.integers(20, 300, ROWS), random.integers(301, 700, ROWS))  # a loan that runs is paid on
    frame = FRAME[ASKED].assign(opened=opened, last_paid=opened + days * np.timedelta64(1, "D"))
    date = {"kind": "date", "formats": ["ISO8601"]}
    columns = {**dict.fromkeys(ASKED, NUMERIC), "opened": date, "last_paid": date}
    (one,) = find_hindsight(frame, BAD, spec(columns))
    assert one.kind == "after"
    assert "last_paid" in one.columns
    assert find_hindsight(frame, BAD, spec({**columns, "last_paid": date}, known=["opened", "last_paid"])) == []


def test_names_neither_accuse_nor_acquit() -> None:
    assert found("paid", "left", rename={"paid": "x1", "left": "x2"}) == [("x1", "x2")]
    assert found("rate", rename={"rate": "colour"}) == [("colour",)]
    assert found(rename={"score": "interest_rate", "debts": "total_paid", "income": "price"}) == []


def test_columns_that_are_known_are_not_accused() -> None:
    assert found("rate", "grade", known=("rate", "grade")) == []
    assert found("paid", "left", "rate", known=("paid", "left")) == []


def test_a_judgement_is_found_behind_what_is_known_afterwards() -> None:
    assert found("paid", "left", "rate", "grade") == [("paid", "left"), ("rate", "grade")]


def test_a_strong_column_of_its_own_is_not_accused() -> None:
    random = np.random.default_rng(4)
    target = (random.random(ROWS) < 0.3).astype(np.int8)
    frame = pd.DataFrame({f"x{place}": random.normal(size=ROWS) for place in range(5)})
    frame["glucose"] = target * 2 + random.normal(size=ROWS)  # alone AUC .92, the others nothing
    assert find_hindsight(frame, target, spec(dict.fromkeys(frame, NUMERIC))) == []


def test_strong_columns_that_say_the_same_are_not_accused() -> None:
    random = np.random.default_rng(5)
    target = (random.random(ROWS) < 0.4).astype(np.int8)
    size = target * 3 + random.normal(size=ROWS)
    frame = pd.DataFrame({f"x{place}": size + 0.7 * random.normal(size=ROWS) for place in range(6)})
    assert find_hindsight(frame, target, spec(dict.fromkeys(frame, NUMERIC))) == []


def test_of_few_rows_nothing_is_said() -> None:
    rows = np.concatenate([np.flatnonzero(BAD)[:29], np.flatnonzero(BAD == 0)])
    assert find_hindsight(FRAME.iloc[rows], BAD[rows], block("paid", "left")) == []


def test_many_rows_are_sampled_and_the_rarer_class_whole() -> None:
    target = (np.arange(100_000) % 100 == 0).astype(np.int8)
    rows = sample(target)
    assert (len(rows), target[rows].sum()) == (MOST_ROWS, 1_000)
    assert (np.diff(rows) > 0).all()
    assert sample(target[:300]).tolist() == list(range(300))
    fold = deal_folds(target[rows], None)
    assert sorted(np.bincount(fold[target[rows] == 1])) == [333, 333, 334]
    groups = np.repeat(np.arange(60), 5)
    assert all(len({*part}) == 1 for part in np.split(deal_folds(target[:300], groups), 60))


def test_suspects_are_told_in_the_log_and_on_the_card(caplog: pytest.LogCaptureFixture) -> None:
    one = Hindsight(("price",), "judgement", 0.81, 0.7)
    with caplog.at_level(logging.WARNING):
        tell_hindsight([one])
    assert caplog.messages == [one.told()]
    table = hindsight_table([one.to_json()])
    assert [list(row)[:3] for row in table.rows] == [["price", 0.81, 0.7]]
    assert not hindsight_table([]).rows
