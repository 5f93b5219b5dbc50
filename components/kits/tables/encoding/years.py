"""Years of two digits: the century that each belongs to."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # who reads no dates loads no pandas
    import pandas as pd

CENTURY = 100


def up_to(moments: "pd.Series", latest: int) -> "pd.Series":
    """Moments (N,) in UTC, whichever century they were read into, in the hundred years that end with `latest`."""
    years = moments.dt.year
    centuries = ((latest - years) // CENTURY).fillna(0).astype(np.int64)
    if not centuries.any():
        return moments
    plain = moments.dt.tz_localize(None).to_numpy("datetime64[us]")
    months = plain.astype("datetime64[M]")
    moved = (months + 12 * CENTURY * centuries.to_numpy()).astype("datetime64[us]") + (plain - months)
    return type(moments)(moved, index=moments.index).dt.tz_localize("UTC")
