"""Whether each cause has events enough to learn from, before anything is trained."""

import math
from collections.abc import Mapping

import numpy as np

from components.core.errors import CasebookError
from components.kits.survival.preparation.enough import FEWEST
from components.recipes.competing_risks.params.cohort import CausesOutcome


def check_causes(cause: np.ndarray, outcome: CausesOutcome, place: str, fewest: int = FEWEST) -> None:
    """Of causes (N,), 0 for none; `place` begins the message.

    Raises:
        CasebookError: fewer than the fewest rows end with one of them.
    """
    counts = {name: int((cause == number).sum()) for number, name in enumerate(outcome.names, 1)}
    few = {name: count for name, count in counts.items() if count < fewest}
    if not few:
        return
    name, count = min(few.items(), key=lambda item: item[1])
    more = f": at this share {math.ceil(len(cause) * fewest / count):,} rows would do" if count else ""
    raise CasebookError(
        f"{place}: column {outcome.cause_column} (the cause): {count} of {len(cause)} row(s) end with {name!r}, and a "
        f"model needs {fewest} at least{more}; give its values to another cause in prepare.target.causes "
        f"({', '.join(f'{one} {rows}' for one, rows in counts.items())})"
    )


def check_each_split(splits: Mapping[str, np.ndarray], cause: np.ndarray, outcome: CausesOutcome, file: str) -> None:
    """Refuse splits of which one has no event of a cause.

    Raises:
        CasebookError: there is such.
    """
    for split, index in splits.items():
        for number, name in enumerate(outcome.names, 1):
            if not (cause[index] == number).any():
                raise CasebookError(
                    f"{file}: of the {len(index)} rows of {split} none ends with {name!r}: more rows, other shares or "
                    "another column under prepare.split, or fewer causes in prepare.target.causes"
                )
