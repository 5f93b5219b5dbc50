"""`casebook serve` among the servers: which cases, at which port, and from when on."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from components.core.errors import CasebookError
from components.core.params.load import load_params
from components.core.params.operate import load_operate
from components.core.params.serve import ServeParams
from components.registry.champion import CHAMPION
from components.serving.finding import registry_to_read
from components.tracking.reading.registry import Registry
from pipelines.servers.settings import Settings

log = logging.getLogger(__name__)

PROCESS = "serve"  # its name in the Procfile
LOOKED_EVERY = 5.0  # seconds between looks for a champion
RESTED = 5.0  # seconds until what has ended by itself is started anew
PARAMS = "params.yaml"


def serve_params(root: Path) -> ServeParams:
    """The block `operate.serve`.

    Raises:
        CasebookError: what `load_operate` says.
    """
    return load_operate(root / PARAMS).serve


def lacking(registry: Registry, root: Path, cases: Sequence[str]) -> list[str]:
    """Those of the cases that have no champion; where none is named, all of `params.yaml` if not one of them has one.

    Raises:
        CasebookError: the registry cannot be read.
    """
    models = registry.registered_models()
    wanted = cases or list(load_params(root / PARAMS).cases)
    without = [case for case in wanted if case not in models or CHAMPION not in models[case].aliases]
    return without if cases or len(without) == len(wanted) else []


def champion_server(_settings: Settings, root: Path) -> dict[str, str]:
    """Wait until every case that is to be served has a champion: the first one of a new team is yet to be trained."""
    cases, told = serve_params(root).cases, ""
    while why := _not_yet(root, cases):
        if why != told:
            log.info("%s; looking every %g s", why, LOOKED_EVERY)
        told = why
        time.sleep(LOOKED_EVERY)
    return {}


def serve_command(settings: Settings, root: Path) -> list[str]:
    """What then serves: the cases of `operate.serve`, or all that have a champion if it names none."""
    params = serve_params(root)
    listening = ["--host", settings.host, "--port", str(params.port)]
    return [sys.executable, "-m", "pipelines.cli", "serve", *params.cases, *listening]


def keep_up(command: Sequence[str], rested: float = RESTED) -> int:
    """Run the command, anew whenever it ends by itself, until told to end; the exit code of the last one. Under
    `make up`, where honcho would end everything with it: a model that does not open is no reason to lose a training.
    """
    told = threading.Event()
    process: subprocess.Popen[bytes] | None = None

    def end(_number: int, _frame: FrameType | None) -> None:
        told.set()
        if process is not None:
            process.terminate()

    signal.signal(signal.SIGTERM, end)
    while True:
        process = subprocess.Popen(command)
        if told.is_set():  # it came while this one began
            process.terminate()
        code = process.wait()
        if told.is_set():
            return code
        log.error("casebook serve ended with %d; it starts anew in %g s", code, rested)
        if told.wait(rested):
            return code


def _not_yet(root: Path, cases: Sequence[str]) -> str:
    try:
        without = lacking(registry_to_read(root), root, cases)
    except CasebookError as error:
        return str(error)
    return f"no champion yet of {', '.join(without)}" if without else ""
