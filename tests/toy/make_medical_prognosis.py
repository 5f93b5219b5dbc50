"""Write `medical_prognosis/{cohort,external}.csv`: 400 and 120 made-up patients with the columns of rotterdam and gbsg.

The numbers describe nobody. How soon an event comes depends on nodes, grade, size, receptors and
age, so that a model has something to find; the second file gives its sizes in mm.

    python tests/toy/make_medical_prognosis.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

ROWS, OTHER_ROWS = 400, 120
BANDS = np.array(["<=20", "20-50", ">50"])
OUT = Path(__file__).parent / "medical_prognosis"


def make_patients(rows: int, seed: int) -> pd.DataFrame:
    """Features with `size` in mm, and `event_days` and `censored_days`."""
    random = np.random.default_rng(seed)
    age = random.integers(25, 85, rows)
    patients = pd.DataFrame(
        {
            "rownames": np.arange(1, rows + 1),
            "pid": random.permutation(rows) + 1,
            "age": age,
            "meno": (age > 50).astype(int),
            "size": random.lognormal(3.1, 0.5, rows).round().astype(int),
            "grade": random.choice([1, 2, 3], rows, p=[0.1, 0.3, 0.6]),
            "nodes": random.geometric(0.3, rows) - 1,
            "pgr": random.lognormal(3.5, 1.6, rows).astype(int),
            "er": random.lognormal(3.7, 1.5, rows).astype(int),
            "hormon": (random.random(rows) < 0.2).astype(int),
        }
    )
    hazard = 0.1 * np.exp(_score(patients))
    patients["event_days"] = np.ceil(365.25 * random.exponential(1 / hazard)).astype(int)
    patients["censored_days"] = random.integers(300, 4000, rows)
    return patients


def _score(patients: pd.DataFrame) -> pd.Series:
    return (
        1.6 * (1 - np.exp(-0.2 * patients["nodes"]))
        + 0.6 * (patients["grade"] == 3)
        + 0.5 * (patients["size"] > 20)
        - 0.15 * np.log1p(patients["pgr"])
        + 0.02 * (45 - patients["age"]).clip(lower=0)
    )


def as_rotterdam(patients: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Recurrence and death apart, each with its own days; sizes in bands."""
    random = np.random.default_rng(seed)
    had = patients["event_days"] <= patients["censored_days"]
    recurred = had & (random.random(len(patients)) < 0.9)
    first = np.minimum(patients["event_days"], patients["censored_days"])
    features = patients.drop(columns=["event_days", "censored_days"])
    return features.assign(
        size=BANDS[np.searchsorted([20, 50], patients["size"])],
        year=random.integers(1978, 1994, len(patients)),
        chemo=0,
        rtime=first,
        recur=recurred.astype(int),
        dtime=np.where(recurred, first + random.integers(30, 900, len(patients)), first),
        death=(had & (~recurred | (random.random(len(patients)) < 0.5))).astype(int),
    )


def as_gbsg(patients: pd.DataFrame) -> pd.DataFrame:
    """One time and one status."""
    features = patients.drop(columns=["event_days", "censored_days"])
    return features.assign(
        rfstime=np.minimum(patients["event_days"], patients["censored_days"]),
        status=(patients["event_days"] <= patients["censored_days"]).astype(int),
    )


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    as_rotterdam(make_patients(ROWS, seed=20), seed=21).to_csv(OUT / "cohort.csv", index=False)
    as_gbsg(make_patients(OTHER_ROWS, seed=22)).to_csv(OUT / "external.csv", index=False)
