"""Who is at risk of an observed event: whoever has entered before it and is observed until then."""

import numpy as np

FEWEST_AT_RISK = 5  # at an event, before most have entered: of fewer, it would take a quarter and more of all survival


def at_risk(times: np.ndarray, time: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """How many of the rows (N,) are at risk at each of `times` (T,): entered before it, and observed until it."""
    entered = np.searchsorted(np.sort(entry), times, side="left")
    gone = np.searchsorted(np.sort(time), times, side="left")
    return entered - gone
