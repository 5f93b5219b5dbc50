"""Write `medical_mortality/cohort.csv`: 600 made-up people with the columns of flchain.

The numbers describe nobody. How soon somebody dies of the circulation depends on age, sex and creatinine, of cancer on
age and light chains, of something else on age alone, so that a model has something to find for each cause.

    python tests/toy/make_medical_mortality.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 600
OUT = Path(__file__).parent / "medical_mortality"
OTHERS = ["Respiratory", "Mental", "Nervous", "Digestive"]
CAUSES = ["Circulatory", "Neoplasms", "other"]


def make_people(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "rownames": np.arange(1, rows + 1),
            "age": random.integers(50, 91, rows),
            "sex": random.choice(["F", "M"], rows),
            "sample.yr": random.integers(1995, 2004, rows),
            "kappa": random.lognormal(0.3, 0.5, rows).round(3),
            "lambda": random.lognormal(0.45, 0.5, rows).round(3),
            "flc.grp": random.integers(1, 11, rows),
            "creatinine": np.where(random.random(rows) < 0.15, np.nan, random.lognormal(0.05, 0.3, rows).round(1)),
            "mgus": (random.random(rows) < 0.1).astype(int),
        }
    )
    days = np.ceil(365.25 * random.exponential(1 / _hazards(people))).astype(int)
    followed = random.integers(1500, 5200, rows)
    first = days.argmin(axis=1)
    died = days.min(axis=1) <= followed
    chapter = np.where(first == 2, random.choice(OTHERS, rows), np.array(CAUSES)[first])
    return people.assign(
        futime=np.minimum(days.min(axis=1), followed), death=died.astype(int), chapter=np.where(died, chapter, None)
    )


def _hazards(people: pd.DataFrame) -> np.ndarray:
    """Of each cause (N, 3), in a year."""
    age = (people["age"] - 70) / 10
    scores = [
        0.9 * age + 0.5 * (people["sex"] == "M") + 1.5 * (people["creatinine"].fillna(1.0) - 1.0),
        0.4 * age + 0.9 * np.log(people["kappa"] + people["lambda"]) - 0.8,
        1.1 * age,
    ]
    return np.array([0.018, 0.03, 0.018]) * np.exp(np.column_stack(scores))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    make_people(ROWS, seed=30).to_csv(OUT / "cohort.csv", index=False)
