"""Population stability index: how far a column's values have moved between two samples."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.evaluation.bands import band_edges


def psi(reference: pd.Series | np.ndarray, recent: pd.Series | np.ndarray, *, bins: int, floor: float) -> float:
    """Population stability index: the sum over bins of (q - p) log(q / p), p of `reference`, q of `recent`.

    Numbers fall into `bins` quantile bins of the reference, everything else into its values, where
    those the reference has not are one bin; missing values are a bin of their own. A share below
    `floor` counts as `floor`, or an empty bin would be infinite. By custom below 0.1 is stable,
    above 0.25 has shifted (Siddiqi, Credit Risk Scorecards, 2006).

    Raises:
        CasebookError: one of the samples has no rows.
    """
    reference, recent = pd.Series(reference), pd.Series(recent)
    if reference.empty or recent.empty:
        raise CasebookError(f"PSI: {len(reference)} reference and {len(recent)} recent rows; both need some")
    numeric = pd.api.types.is_numeric_dtype(reference) and not pd.api.types.is_bool_dtype(reference)
    before, after = _numeric_bins(reference, recent, bins) if numeric else _category_bins(reference, recent)
    size = int(max(before.max(), after.max())) + 1
    p = np.maximum(np.bincount(before, minlength=size) / len(before), floor)
    q = np.maximum(np.bincount(after, minlength=size) / len(after), floor)
    return float(np.sum((q - p) * np.log(q / p)))


def psi_table(
    reference: pd.DataFrame, recent: pd.DataFrame, columns: Sequence[str], *, bins: int, floor: float
) -> pd.DataFrame:
    """The PSI of each column, largest first: columns `column` and `psi`."""
    found = [psi(reference[column], recent[column], bins=bins, floor=floor) for column in columns]
    table = pd.DataFrame({"column": list(columns), "psi": found})
    return table.sort_values("psi", ascending=False, kind="stable", ignore_index=True)


def _numeric_bins(reference: pd.Series, recent: pd.Series, bins: int) -> tuple[np.ndarray, np.ndarray]:
    before, after = (part.to_numpy(dtype=np.float64, na_value=np.nan) for part in (reference, recent))
    known = before[np.isfinite(before)]
    edges = band_edges(known, bins) if len(known) else np.array([])
    missing = len(edges) + 1
    return tuple(  # type: ignore[return-value]
        np.where(np.isnan(part), missing, np.searchsorted(edges, part, side="right")) for part in (before, after)
    )


def _category_bins(reference: pd.Series, recent: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    before, after = reference.astype("string"), recent.astype("string")
    known = pd.Index(sorted(before.dropna().unique()))
    missing, unseen = len(known), len(known) + 1
    return tuple(  # type: ignore[return-value]
        np.where(part.isna(), missing, np.where(part.isin(known), known.get_indexer(part), unseen))
        for part in (before, after)
    )
