"""Write `cluster_jobs/rows.csv`: 420 made-up jobs with the columns of modeldata's hpc_data.

The numbers describe no cluster. How long a job runs depends on its protocol and on the size of its data, so that a
model has something to find; long jobs are rare, as in the original.

    python tests/toy/make_cluster_jobs.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 420
CLASSES = {"VF": 0.5, "F": 0.3, "M": 0.13, "L": 0.07}  # in the order of the time that a job takes; shares of the rows
PROTOCOLS = {"A": -0.8, "E": 0.9, "H": 0.4, "J": -0.5, "M": 0.0, "O": 1.2}  # what each adds to the log of its time
OUT = Path(__file__).parent / "cluster_jobs" / "rows.csv"


def make_rows(seed: int) -> pd.DataFrame:
    """`ROWS` jobs; the quickest are VF and the slowest L, by the shares of `CLASSES`."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "rownames": np.arange(1, ROWS + 1),
            "protocol": random.choice(list(PROTOCOLS), ROWS, p=[0.1, 0.1, 0.2, 0.3, 0.15, 0.15]),
            "compounds": np.maximum(20, random.lognormal(5.4, 0.9, ROWS)).astype(int),
            "input_fields": np.maximum(10, random.lognormal(6.0, 1.1, ROWS)).astype(int),
            "iterations": random.choice([10, 20, 50, 100, 200], ROWS, p=[0.06, 0.8, 0.05, 0.05, 0.04]),
            "num_pending": (random.exponential(60, ROWS) * (random.random(ROWS) < 0.2)).astype(int),
            "hour": random.uniform(0, 24, ROWS).round(4),
            "day": random.choice(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ROWS),
        }
    )
    seconds = _log_seconds(rows) + random.normal(0, 0.4, ROWS)
    edges = np.quantile(seconds, np.cumsum(list(CLASSES.values()))[:-1])
    rows["class"] = np.array(list(CLASSES))[np.searchsorted(edges, seconds)]
    return rows


def _log_seconds(rows: pd.DataFrame) -> pd.Series:
    size = 0.8 * np.log(rows["compounds"]) + 0.6 * np.log(rows["input_fields"]) + 0.5 * np.log(rows["iterations"])
    return size + rows["protocol"].map(PROTOCOLS).astype(float)


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    make_rows(seed=23).to_csv(OUT, index=False)
