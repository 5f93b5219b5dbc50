"""A further process of a distributed fit: `python -m components.training.helper`, with torchrun's environment.

It writes nothing and logs warnings only: outs, checkpoints and MLflow are the first process's.
"""

import logging
import os
import sys
import threading
import warnings

from components.core.errors import BAD_INPUT, DONE, CasebookError
from components.training.fit import help_fit
from components.training.launched import launched
from components.training.processes import receive


def main() -> int:
    """Take part in fits until the first process has no more; exit code 1 if one goes wrong."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    warnings.filterwarnings("ignore")  # the first process has shown them
    if os.environ.get("CASEBOOK_LISTEN"):
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        while (distributed := receive()) is not None:
            help_fit(distributed)
    except (CasebookError, RuntimeError) as error:
        place = launched()
        print(f"process {place.rank if place else '?'} of the fit: {error}", file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    return DONE


def _end_with_parent() -> None:
    """Read the pipe that nobody writes to: it ends when the process that holds it does."""
    os.read(sys.stdin.fileno(), 1)  # not `sys.stdin.read`, whose lock would be in the way of an ordinary end
    os._exit(BAD_INPUT)


if __name__ == "__main__":
    sys.exit(main())
