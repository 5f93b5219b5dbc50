"""What `dvc.yaml` runs: `python -m pipelines.stages STAGE CASE`.

Each stage imports only what it needs, takes its lock, and leaves its outs whole or not at all.
"""

import sys

if __name__ == "__main__":  # before anything else is imported: a fork that has it all may do the work
    from pipelines.warm.client import run_warm

    if (ended := run_warm()) is not None:
        sys.exit(ended)

import argparse
import importlib
import logging
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from components.core.errors import BAD_INPUT, DONE, CasebookError, disk_problem
from components.core.files import sweep_temporaries
from components.core.gathered import gathered_warnings
from components.core.job import Job, Paths
from components.core.locks import held_lock
from components.core.recipe import make_job
from pipelines.code import read_resolved
from pipelines.environment import prepare_environment

TERMINATED = 128 + signal.SIGTERM

# Lightning's own use of torch, the checkpoints that a resumed fit finds, and a fit that holds nothing out.
NO_NEWS = (
    ".*LeafSpec.*",
    "Checkpoint directory .* exists and is not empty",
    "Total length of `list` across ranks is zero",
)

# Who warns once for each metric and each group of rows.
REPEATED = "components.evaluation.bootstrap"

log = logging.getLogger("casebook")


STAGES = ("fetch", "prepare", "search", "fit", "compress", "evaluate", "release")
TRAINS = "search"  # the first that looks at the bundle of the case that this one starts from
MAKE_BUNDLE = tuple(stage for stage in STAGES if stage not in ("evaluate", "release"))  # what that case must have done

RELEASED = ("release.json", "card.md", "metrics.json", "summary.json")

# The outs of each stage, as dvc.yaml names them.
OUTS: dict[str, Callable[[Paths, str], list[Path]]] = {
    "fetch": lambda paths, case: [paths.raw(case)],
    "prepare": lambda paths, case: [paths.prepared(case)],
    "search": lambda paths, case: [paths.best(case)],
    "fit": lambda paths, case: [paths.fitted(case)],
    "compress": lambda paths, case: [paths.bundle(case), paths.compression(case)],
    "evaluate": lambda paths, case: [paths.evaluation(case), paths.plots(case)],
    "release": lambda paths, case: [paths.histories(case), *(paths.reports(case) / name for name in RELEASED)],
}


def run(stage: str, job: Job) -> None:
    """Run one stage of one case, after any other process that is at it."""
    with held_lock(job.paths.state(job.case) / f"{stage}.lock", f"{stage}@{job.case}"):
        for out in OUTS[stage](job.paths, job.case):
            sweep_temporaries(out.parent, out.name)
        with gathered_warnings(REPEATED):
            importlib.import_module(f"pipelines.steps.{stage}").run(job)


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 done, 1 the input or the environment is wrong, 143 told to end."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.stages", description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("case")
    chosen = parser.parse_args(arguments)
    prepare_environment(Path.cwd())
    set_up_logging()
    signal.signal(signal.SIGTERM, terminate)
    try:
        params = read_resolved(Path.cwd(), chosen.case, chosen.stage)
        run(chosen.stage, make_job(chosen.case, params, Paths(Path.cwd())))
    except CasebookError as error:
        log.error("%s@%s: %s", chosen.stage, chosen.case, error)
        return BAD_INPUT
    except OSError as error:
        if (problem := disk_problem(error, Path.cwd())) is None:
            raise
        log.error("%s@%s: %s", chosen.stage, chosen.case, problem)
        return BAD_INPUT
    except SystemExit:
        # Lightning answers SIGTERM with an exit code of 0, which DVC would take for success.
        return TERMINATED
    return DONE


def set_up_logging(level: int = logging.INFO) -> None:
    """One line a message on stderr; the tools' own chatter from warnings up."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s", force=True)
    for message in NO_NEWS:
        warnings.filterwarnings("ignore", message=message)
    for name in ("casebook", "components", "pipelines"):
        logging.getLogger(name).setLevel(level)


def terminate(number: int, frame: FrameType | None) -> Any:  # noqa: ARG001 - what signal.signal calls
    raise SystemExit(TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
