"""The store of this checkout, if there is one: a command that takes things away makes none."""

import os
from pathlib import Path

from components.registry.ledger_file import FOLDER
from components.tracking.address import VARIABLE
from components.tracking.track import Tracker, connect


def store(root: Path) -> Tracker | None:
    """The MLflow store that the environment names, or the one in the checkout; None if there is neither, nor a ledger
    that tells of one.
    """
    there = (root / "mlflow.db").exists() or any((root / FOLDER).glob("*.jsonl"))
    if not os.environ.get(VARIABLE) and not there:
        return None
    return connect(root)
