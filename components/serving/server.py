"""uvicorn around the application: one process, or several that a parent watches."""

import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from components.core.errors import CasebookError
from components.serving.leaving import DRAINED_WITHIN
from components.serving.metrics import FOLDER
from components.serving.wire import JsonHttp

log = logging.getLogger(__name__)

KEPT_ALIVE = 65  # seconds that an idle connection stays
BEGUN_WITHIN = 20  # seconds in which a worker that is busy says that it lives
OPENED = "opened"  # in the folder of figures: a worker has opened all models once
RESTED = 5.0  # seconds until a worker that could not open them is replaced


def _listening(options: uvicorn.Config) -> socket.socket:
    """The socket, bound.

    Raises:
        CasebookError: the address is taken, or none of this machine's.
    """
    try:
        listening = options.bind_socket()  # it has told the system's reason
    except SystemExit:
        raise CasebookError(
            f"{options.host}:{options.port} cannot be listened on; name another with --port or --host, or 0 for any"
        ) from None
    # Connections have it from here: uvicorn sends head and body of an answer apart, and the system would hold the body
    # back until the client has acknowledged the head, which it does 40 ms later.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def run(make: Callable[[], ASGIApp], named: str, host: str, port: int, workers: int) -> int:
    """Serve what `make` makes until told to end, or where there are several workers what the function that is `named`
    makes in each by `worker`. Returns the exit code: 0 on SIGTERM, 1 where nothing could be opened.

    A worker that dies is replaced; the others answer meanwhile.
    """
    options = uvicorn.Config(
        make() if workers == 1 else named,
        factory=workers > 1,
        host=host,
        port=port,
        http=JsonHttp,
        workers=workers,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=KEPT_ALIVE,
        timeout_graceful_shutdown=DRAINED_WITHIN,
        timeout_worker_healthcheck=BEGUN_WITHIN,
        lifespan="on",
    )
    listening = _listening(options)
    log.info("http://%s:%d", *listening.getsockname()[:2])
    if workers == 1:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn raises it anew once all is done
        server = uvicorn.Server(options)
        server.run([listening])
        return 0 if server.started else 1
    with tempfile.TemporaryDirectory(prefix="casebook-figures-") as folder:
        os.environ[FOLDER] = folder
        parent = Multiprocess(options, [listening])
        parent.run()
    return 1 if any(one.exitcode == STARTUP_FAILURE for one in parent.processes) else 0


def worker(make: Callable[[], ASGIApp]) -> ASGIApp:
    """What one of several workers serves. Where it cannot be opened at the start, all end; later the others answer, and
    this one is replaced until it can.
    """
    threading.Thread(target=_end_with, args=(os.getppid(),), name="parent", daemon=True).start()
    opened = Path(os.environ[FOLDER]) / OPENED
    try:
        made = make()
    except CasebookError as error:
        log.error("%s", error)
        if not opened.exists():
            sys.exit(STARTUP_FAILURE)
        time.sleep(RESTED)
        sys.exit(1)
    opened.touch()
    return made


def _end_with(parent: int) -> None:
    """End as on SIGTERM once the parent is gone, whoever killed it: nobody else would end this process."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
