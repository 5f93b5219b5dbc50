from typing import Any

import numpy as np
import pandas as pd

from components.kits.tables.owners import find_owner

RANDOM = np.random.default_rng(0)
AGE, SEX, SITE = RANDOM.integers(30, 80, 60), RANDOM.choice(["f", "m"], 60), RANDOM.choice(list("abc"), 60)
ROWS = (
    pd.DataFrame({"who": np.arange(60), "age": AGE, "sex": SEX, "site": SITE})
    .loc[np.repeat(np.arange(60), 3)]
    .reset_index(drop=True)
)
ROWS = ROWS.assign(visit=np.tile([1, 2, 3], 60), marker=RANDOM.normal(size=180).round(1))
COLUMNS: dict[str, dict[str, Any]] = {str(name): {} for name in ROWS.columns}


def test_rows_that_share_an_age_and_a_sex_are_of_one_owner() -> None:
    for name, ids in {"xyz": ROWS["who"], "q7": ROWS["who"].map("A{:03d}".format), "f": ROWS["who"] + 0.5}.items():
        rows = ROWS.assign(who=ids).sample(frac=1, random_state=1)
        found = find_owner(rows.rename(columns={"who": name}), {name: {}} | COLUMNS)
        assert found is not None
        assert (found.name, found.groups) == (name, 60)


def test_an_age_does_not_own_its_band_and_the_year_of_birth() -> None:
    rows = pd.DataFrame({"age": RANDOM.integers(20, 90, 400)})
    rows = rows.assign(born=2020 - rows["age"], band=rows["age"] // 10, marker=RANDOM.normal(size=400).round(1))
    assert find_owner(rows, {str(name): {} for name in rows.columns}) is None


def test_rows_of_their_own_have_no_owner() -> None:
    rows = ROWS.assign(who=RANDOM.permutation(np.repeat(np.arange(60), 3)))
    assert find_owner(rows.drop(columns=["age"]), COLUMNS) is None
