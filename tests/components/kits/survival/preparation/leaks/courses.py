"""Made courses for the tests of this folder: who entered when, and was followed up to one day."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from components.kits.survival.cohort import CohortParams
from tests.components.kits.survival.preparation.cohorts import block

START, YEARS = np.datetime64("2005-01-01", "us"), 10.0
KINDS = {
    "numeric": {"kind": "numeric", "min": None, "max": None},
    "categorical": {"kind": "categorical", "values": None},
    "boolean": {"kind": "boolean"},
    "date": {"kind": "date", "formats": ["ISO8601"]},
    "text": {"kind": "text"},
}


@dataclass(frozen=True)
class Course:
    """Of N rows: `risk`, the log hazard; `days` of observation and whether they ended with the `event`; the day of
    `entry`; `dead`, the days until the event, if all had been waited for.
    """

    risk: np.ndarray
    days: np.ndarray
    event: np.ndarray
    entry: np.ndarray
    dead: np.ndarray

    @property
    def time(self) -> np.ndarray:
        return self.days / 365.25

    @property
    def last(self) -> np.ndarray:
        return self.entry + self.days.astype("timedelta64[D]")


def make_course(rows: int = 400, seed: int = 3) -> Course:
    random = np.random.default_rng(seed)
    risk, late = random.normal(0, 1, rows), random.uniform(0, YEARS - 0.5, rows)
    dead = np.ceil(random.exponential(5 * np.exp(-risk)) * 365.25)
    end = np.ceil((YEARS - late) * 365.25)
    entry = START + np.floor(late * 365.25).astype("timedelta64[D]")
    return Course(risk, np.minimum(dead, end), (dead <= end).astype(np.int64), entry, dead)


def spec_of(known: tuple[str, ...] = (), **kinds: str) -> CohortParams:
    return CohortParams.model_validate(
        block(columns={name: KINDS[kind] for name, kind in kinds.items()}, known=[*known])
    )


def text(values: object) -> pd.Series:
    return pd.Series(values, dtype="str")
