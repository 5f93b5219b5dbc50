from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.files import read_json
from tests.components.recipes.competing_risks.preparation.causes import (
    CAUSES,
    TARGET,
    block,
    in_two_columns,
    patients,
    prepare,
    prepared,
)

TWO_COLUMNS = TARGET | {
    "event": "ended",
    "cause": "why",
    "causes": [{"name": "relapse", "values": ["Back again"]}, {"name": "death", "values": ["died"]}],
}


def test_events_are_the_numbers_of_their_causes(tmp_path: Path) -> None:
    table = patients()
    prepare(tmp_path, block(), rows=table)
    whole = prepared(tmp_path)
    assert list(whole) == ["row", "age", "site", "time", "event"]
    assert whole["event"].tolist() == table["status"].tolist()
    np.testing.assert_allclose(whole["time"], table["days"] / 365.25)


def test_the_first_cause_is_the_one_that_is_named_first(tmp_path: Path) -> None:
    prepare(tmp_path, block(target=TARGET | {"causes": CAUSES[::-1]}), rows=patients())
    assert prepared(tmp_path)["event"].tolist() == patients()["status"].map({0: 0, 1: 2, 2: 1}).tolist()


def test_causes_in_a_column_of_their_own(tmp_path: Path) -> None:
    """Words as people write them; who had no event needs none."""
    meta = prepare(tmp_path, block(target=TWO_COLUMNS), rows=in_two_columns())
    assert meta.rows["rejected"] == 0
    assert prepared(tmp_path)["event"].tolist() == patients()["status"].tolist()


def test_every_split_has_like_shares_of_each_cause(tmp_path: Path) -> None:
    prepare(tmp_path, block(), rows=patients())
    splits = read_json(tmp_path / "prepared" / "told.json")["splits"]
    shares = {name: one["classes"]["relapse"] / one["rows"] for name, one in splits.items()}
    assert max(shares.values()) - min(shares.values()) < 0.02
    assert list(splits["train"]["classes"]) == ["censored", "death", "relapse"]


def test_an_event_without_a_cause_is_set_aside(tmp_path: Path) -> None:
    table = in_two_columns()
    row = int(table["ended"].to_numpy().argmax())
    table.loc[row, "why"] = None
    meta = prepare(tmp_path, block(target=TWO_COLUMNS), rows=table)
    assert meta.rows["rejected"] == 1
    assert pd.read_parquet(tmp_path / "prepared" / "rejected.parquet")["reason"].tolist() == ["why: no value: ''"]


def test_another_cohort_is_read_by_its_own_words(tmp_path: Path) -> None:
    external = {"file": "other.csv", "target": TWO_COLUMNS}
    prepare(tmp_path, block(external=external), rows=patients(), other=in_two_columns(40))
    found = pd.read_parquet(tmp_path / "prepared" / "external.parquet")
    assert found["event"].tolist() == patients(40)["status"].tolist()


def _with(status: Any) -> pd.DataFrame:
    table = patients().astype({"status": object})
    table.loc[3, "status"] = status
    return table


def _leak(values: pd.Series) -> pd.DataFrame:
    """Known of all, and of those who had an event it is where they had which."""
    by_chance = np.where(np.random.default_rng(0).random(len(values)) < 0.4, "ward", "home")
    return patients().assign(site=np.where(values == 0, by_chance, np.where(values == 2, "ward", "home")))


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        (_with(3), {}, r"column status \(of the outcome\):.*'3' \(1\).*more than one type of event"),
        (
            in_two_columns().assign(why=lambda table: table["why"].replace("died", "gone")),
            {"target": TWO_COLUMNS},
            r"column why \(the cause\): \d+ row\(s\) with an event have values that stand for no cause: 'gone'",
        ),
        (
            patients().assign(status=lambda table: table["status"].where(table.index > 280, 2)),
            {},
            r"of 300 row\(s\) end with 'relapse', and a model needs 20 at least: at this share .* 'death'|relapse \d+",
        ),
        (_leak(patients()["status"]), {}, "column site: it tells the cause relapse by itself"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    table: pd.DataFrame, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(CasebookError, match=message):
        prepare(tmp_path, block(**changes), rows=table)


def test_a_split_by_time_needs_each_cause_in_each_part(tmp_path: Path) -> None:
    order = patients()["status"].map({1: 0, 0: 1, 2: 2})
    table = patients().iloc[np.argsort(order, kind="stable")].assign(year=np.arange(300))
    split = {"by": "time", "column": "year", "validation": 0.2, "test": 0.2, "uneven": True}
    with pytest.raises(CasebookError, match="of the 60 rows of validation none ends with 'relapse'"):
        prepare(tmp_path, block(split=split, ignore={"year": "it says when"}), rows=table)
