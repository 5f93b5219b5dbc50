"""Processes of deploy/torchrun.sh: the first runs the stage, through DVC, the others help it."""

import argparse
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

from torch.distributed import TCPStore

from components.training.launched import launched
from pipelines.environment import prepare_environment

ENDED = "casebook/ended"
PATIENCE = timedelta(days=7)


def main() -> int:
    """Exit code of the stage in the first process, 0 of a helper that was not needed any more."""
    parser = argparse.ArgumentParser(prog="deploy/torchrun.sh", description=__doc__)
    parser.add_argument("stage", choices=["search", "fit"])
    parser.add_argument("case")
    chosen = parser.parse_args()
    prepare_environment(Path.cwd())
    # Of torchrun itself, which outlives the processes that it started.
    store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False, timeout=PATIENCE)
    place = launched()
    if place is None or place.rank == 0:
        from pipelines.reproduce import reproduce

        code = reproduce([f"{chosen.stage}@{chosen.case}"], Path.cwd(), single=True)
        store.set(ENDED, str(code))
        return code
    threading.Thread(target=_end_with_stage, args=(store,), daemon=True).start()
    from components.training.helper import main as help_out

    return help_out()


def _end_with_stage(store: TCPStore) -> None:
    """The stage may end without a fit: what DVC has recorded is not done again."""
    store.wait([ENDED], PATIENCE)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
