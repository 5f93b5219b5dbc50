"""Write `house_prices/rows.csv`: 320 made-up sales with some of the columns of modeldata's ames.

The numbers describe no house. What one is sold for depends on its size, its age, where it lies and what shape it is
in, in per cent more than in dollars, so that a model has something to find.

    python tests/toy/make_house_prices.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 320
# What each adds to the log of the price.
PLACES = {"North_Ames": 0.0, "Old_Town": -0.2, "College_Creek": 0.15, "Somerset": 0.2, "Northridge_Heights": 0.45}
SHAPE = {"Poor": -0.3, "Fair": -0.15, "Average": 0.0, "Above_Average": 0.05, "Good": 0.1}
KINDS = {"OneFam": 0.0, "TwnhsE": -0.1, "Duplex": -0.2}
OUT = Path(__file__).parent / "house_prices" / "rows.csv"


def make_rows(seed: int) -> pd.DataFrame:
    """`ROWS` sales; a few cells are empty."""
    random = np.random.default_rng(seed)
    built = random.integers(1900, 2009, ROWS)
    living = random.lognormal(7.25, 0.3, ROWS).round().astype(int)
    basement = (living * random.uniform(0.4, 0.9, ROWS) * (random.random(ROWS) < 0.95)).round().astype(int)
    rows = pd.DataFrame(
        {
            "rownames": np.arange(1, ROWS + 1),
            "Lot_Area": random.lognormal(9.1, 0.4, ROWS).round().astype(int),
            "Neighborhood": random.choice(list(PLACES), ROWS, p=[0.35, 0.2, 0.2, 0.15, 0.1]),
            "Bldg_Type": random.choice(list(KINDS), ROWS, p=[0.82, 0.1, 0.08]),
            "Overall_Cond": random.choice(list(SHAPE), ROWS, p=[0.03, 0.07, 0.6, 0.2, 0.1]),
            "Year_Built": built,
            "Total_Bsmt_SF": basement,
            "Bsmt_Unf_SF": (basement * random.uniform(0, 0.8, ROWS)).round().astype(int),
            "BsmtFin_SF_2": (basement * 0.2 * (random.random(ROWS) < 0.15)).round().astype(int),
            "Central_Air": np.where(random.random(ROWS) < 0.93, "Y", "N"),
            "Gr_Liv_Area": living,
            "Full_Bath": random.choice([1, 2, 3], ROWS, p=[0.45, 0.5, 0.05]),
            "Garage_Cars": random.choice([0, 1, 2, 3], ROWS, p=[0.05, 0.27, 0.55, 0.13]).astype(float),
            "Year_Sold": random.integers(2006, 2011, ROWS),
            "Sale_Condition": random.choice(["Normal", "Partial", "Abnorml"], ROWS, p=[0.84, 0.08, 0.08]),
        }
    )
    rows["Sale_Price"] = (100 * np.exp(_log_hundreds(rows) + random.normal(0, 0.12, ROWS)).round()).astype(int)
    for column, empty in (("Garage_Cars", 3), ("Overall_Cond", 4), ("Bsmt_Unf_SF", 2)):
        rows.loc[random.choice(ROWS, empty, replace=False), column] = None
    return rows


def _log_hundreds(rows: pd.DataFrame) -> pd.Series:
    return (
        7.4
        + 0.6 * np.log(rows["Gr_Liv_Area"] / 1400)
        + 0.2 * np.log1p(rows["Total_Bsmt_SF"] / 1000)
        + 0.1 * np.log(rows["Lot_Area"] / 9000)
        + 0.004 * (rows["Year_Built"] - 1970)
        + 0.08 * rows["Garage_Cars"]
        + rows["Neighborhood"].map(PLACES).astype(float)
        + rows["Overall_Cond"].map(SHAPE).astype(float)
        + rows["Bldg_Type"].map(KINDS).astype(float)
    )


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    make_rows(seed=24).astype({"Garage_Cars": "Int64", "Bsmt_Unf_SF": "Int64"}).to_csv(OUT, index=False)
