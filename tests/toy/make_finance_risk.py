"""Write `finance_risk/rows.csv`: 400 made-up applications with the columns of modeldata's credit_data.

The numbers describe nobody. Whether an application went bad depends on seniority, income, earlier
defaults, job and the share of the price that is borrowed, so that a model has something to find.

    python tests/toy/make_finance_risk.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

ROWS, BAD = 400, 112
HOMES = ["owner", "rent", "parents", "other", "priv"]
OUT = Path(__file__).parent / "finance_risk" / "rows.csv"


def make_rows(seed: int) -> pd.DataFrame:
    """`ROWS` applications, `BAD` of them with Status bad; a few cells are empty, as in the original."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 69, ROWS)
    price = random.lognormal(7.2, 0.4, ROWS).round().astype(int)
    rows = pd.DataFrame(
        {
            "rownames": np.arange(1, ROWS + 1),
            "Status": "good",
            "Seniority": np.minimum(random.exponential(8, ROWS).astype(int), age - 18),
            "Home": random.choice(HOMES, ROWS, p=[0.47, 0.22, 0.18, 0.07, 0.06]),
            "Time": random.choice([12, 24, 36, 48, 60], ROWS, p=[0.05, 0.1, 0.2, 0.2, 0.45]),
            "Age": age,
            "Marital": random.choice(["married", "single", "separated", "widow", "divorced"], ROWS),
            "Records": random.choice(["no", "yes"], ROWS, p=[0.83, 0.17]),
            "Job": random.choice(["fixed", "freelance", "partime", "others"], ROWS, p=[0.63, 0.23, 0.1, 0.04]),
            "Expenses": random.choice([35, 45, 60, 75, 90], ROWS),
            "Income": random.lognormal(4.85, 0.45, ROWS).round(),
            "Assets": (random.exponential(5000, ROWS) * (random.random(ROWS) < 0.65)).round(-2),
            "Debt": (random.exponential(1500, ROWS) * (random.random(ROWS) < 0.18)).round(-1),
            "Amount": (price * random.uniform(0.4, 1.0, ROWS)).astype(int),
            "Price": price,
        }
    )
    rows.loc[np.argsort(-_risk(rows) - random.logistic(0, 0.4, ROWS))[:BAD], "Status"] = "bad"
    for column, empty in (("Income", 30), ("Assets", 6), ("Debt", 3), ("Home", 2), ("Job", 1)):
        rows.loc[random.choice(ROWS, empty, replace=False), column] = None
    return rows


def _risk(rows: pd.DataFrame) -> pd.Series:
    return (
        -0.12 * rows["Seniority"]
        - 1.6 * np.log(rows["Income"] / 125)
        + 2.0 * (rows["Records"] == "yes")
        + 1.5 * (rows["Job"] == "partime")
        - 0.6 * (rows["Home"] == "owner")
        + 3.0 * rows["Amount"] / rows["Price"]
    )


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    make_rows(seed=20).astype({"Income": "Int64", "Assets": "Int64", "Debt": "Int64"}).to_csv(OUT, index=False)
