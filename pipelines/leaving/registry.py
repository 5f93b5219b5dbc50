"""The store of this checkout, if there is one: a command that takes things away makes none."""

import os
from pathlib import Path

from components.tracking.address import VARIABLE
from components.tracking.track import Tracker, connect


def store(root: Path) -> Tracker | None:
    """The MLflow store that the environment names, or the one in the checkout; None if there is neither."""
    if not os.environ.get(VARIABLE) and not (root / "mlflow.db").exists():
        return None
    return connect(root)
