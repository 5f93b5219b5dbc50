"""What the reports of tables have in common: who answered which split, tables of figures, stability."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from components.core.job import TEST, VALIDATION
from components.core.results import MODEL, Table
from components.kits.tables.encoding.encode import Encoded, TableEncoder
from components.kits.tables.encoding.spec import TARGET
from components.recipes.shared.serving import compared_bundle

MOST_COLUMNS = 10  # of the table of stability: those that moved furthest


class BlendPredictor(Protocol):
    """`score` answers typed rows as served, `member_scores` encoded rows as each member alone would."""

    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def encoder(self) -> TableEncoder: ...
    @property
    def member_scores(self) -> Mapping[str, Callable[[Encoded], np.ndarray]]: ...

    def score(self, typed: pd.DataFrame) -> np.ndarray: ...


AnyBlend = TypeVar("AnyBlend", bound=BlendPredictor)


def who_answers(
    fitted: Path, bundle: Path, open_predictor: Callable[[Path], AnyBlend]
) -> Callable[[str], tuple[AnyBlend, AnyBlend]]:
    """Of a split: who is judged, and whose members it is compared with. The validation is answered by those that do not
    know it, where the fit kept them; see `asked_bundle`.
    """
    served = open_predictor(bundle), open_predictor(compared_bundle(fitted, TEST))
    selection = compared_bundle(fitted, VALIDATION)
    if selection == compared_bundle(fitted, TEST):
        return lambda _split: served
    unknowing = open_predictor(selection)
    return lambda split: (unknowing, unknowing) if split == VALIDATION else served


def all_scores(predictor: BlendPredictor, members: BlendPredictor, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Scores `(N, ...)` by name: the calibrated blend as `model`, then each of the `members` alone, uncalibrated."""
    encoded = members.encoder.encode(frame)
    return {MODEL: predictor.score(frame), **{name: score(encoded) for name, score in members.member_scores.items()}}


def predictions(data: Mapping[str, Any], rows: pd.DataFrame, scores: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """What was said of each row, beside its key and target; scores of several numbers are lists."""
    key = [name for name in data["key"] if name in rows]
    told = {name: score if score.ndim == 1 else list(score) for name, score in scores.items()}
    return pd.concat([rows[[*key, TARGET]], pd.DataFrame(told, index=rows.index)], axis=1)


def stability_table(score: float, columns: pd.DataFrame) -> Table:
    """The PSI of the score, and those of the columns (`stability.psi_table`) that moved furthest."""
    named = columns.head(MOST_COLUMNS)
    return Table(
        "Stability",
        ["what", "PSI"],
        [["the score", score], *([row["column"], row["psi"]] for row in records(named))],
        f"Population stability index between training and test rows: the score, and the {len(named)} columns that "
        "moved furthest. By custom below 0.1 is stable, above 0.25 has shifted.",
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as JSON-able rows: plain Python values, and None for NaN."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{str(key): value.item() if hasattr(value, "item") else value for key, value in row.items()} for row in rows]
