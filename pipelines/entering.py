"""Environment of a person's entry points: that of every process, and bytecode where pip has put that of libraries."""

import os
from pathlib import Path

from pipelines.environment import ROOT, prepare_environment


def prepare_entry(root: Path = ROOT) -> None:
    """`prepare_environment` without a folder of its own for bytecode: a fresh one compiles every library again.

    Bytecode beside our sources changes nothing that DVC depends on, as `.dvcignore` leaves it out.
    """
    os.environ.setdefault("PYTHONPYCACHEPREFIX", "")  # Python takes an empty one for none
    prepare_environment(root)
