"""`casebook up` and `casebook down`: the processes of the Procfile, started together and ended exactly.

honcho supervises them: when one ends, it ends the others. Every process that comes of it inherits a
mark in its environment, and `down` ends whatever carries the mark: whoever killed the supervisor,
and whichever sessions the workers' stages have made for themselves.
"""

import logging
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from honcho.environ import parse_procfile

from components.core.errors import CasebookError
from components.core.files import write_json
from components.core.locks import held_lock
from components.core.params.serve import ServeParams
from components.core.private import private_folder
from components.tracking.reading.server import Server
from pipelines.environment import MARK, alive, drop_temporary_word, find_up, own_mark, read_up, up_file
from pipelines.servers.champions import PROCESS, lacking, serve_params
from pipelines.servers.honcho import KILLED_AFTER
from pipelines.servers.ports import refusal
from pipelines.servers.private import close_stores
from pipelines.servers.serve import answers
from pipelines.servers.settings import MLFLOW_PORT, PREFECT_PORT, Settings, read_settings

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds for both servers' first answer: each makes a database
GRACE = 20.0  # seconds between asking a worker to end and killing it
TAIL = 15  # lines of the log that a failed start shows


def up(root: Path) -> dict[str, str]:
    """Start what the Procfile names and return both addresses, once both servers answer; where `operate.serve` names
    cases, `serve` as well, and it is waited for if all of them have champions.

    Raises:
        CasebookError: they are up already, a port is taken, a setting is wrong, or one of them did not start.
    """
    settings, record = read_settings(), up_file(root)
    if not (root / "Procfile").is_file():
        raise CasebookError(f"{root}: no Procfile; run this in the root of a checkout")
    serve = serve_params(root)
    private_folder(record.parent, root)
    with held_lock(record.with_name("up.lock"), "casebook up"):
        if found := running(root):
            raise CasebookError(f"{_listed(root)} are up already ({len(found)} processes); `casebook down` ends them")
        _check_ports(settings, serve)
        close_stores(root)
        mark = f"{own_mark(root)}-{uuid.uuid4().hex}"
        write_json(record, {"mark": mark, "addresses": settings.addresses})
        supervisor = _supervise(root, mark, settings, serve)
        try:
            _wait(supervisor, [f"{settings.prefect_url}/health", f"{settings.mlflow_url}/health"], _log(root))
            if serve.cases and not lacking(Server(root, settings.mlflow_url), root, serve.cases):
                _wait(supervisor, [f"{settings.url(serve.port)}/v2/health/ready"], _log(root))
        except BaseException:
            _end(mark)
            record.unlink(missing_ok=True)
            raise
    return settings.addresses


def down(root: Path) -> int:
    """End what `up` has started in `root`, with all that came of it; return how many processes that were."""
    found = _up(root)
    count = 0 if found is None else _end(found["mark"])
    up_file(root).unlink(missing_ok=True)
    return count


def running(root: Path) -> list[int]:
    """The ids of the processes that `up` has started in `root` and that live."""
    found = _up(root)
    return [] if found is None else alive(found["mark"])


def _up(root: Path) -> dict[str, Any] | None:
    """Mark and addresses by the file of `up`, or by the processes themselves where somebody has removed it."""
    return read_up(root) or find_up(root)


def _listed(root: Path) -> str:
    found = _up(root)
    return "the servers" if found is None else ", ".join(found["addresses"].values())


def _log(root: Path) -> Path:
    return up_file(root).with_name("up.log")


def _check_ports(settings: Settings, serve: ServeParams) -> None:
    ports = {PREFECT_PORT: settings.prefect_port, MLFLOW_PORT: settings.mlflow_port}
    for name, port in (ports | ({"operate.serve.port": serve.port} if serve.cases else {})).items():
        if why := refusal(settings.host, port):
            raise CasebookError(f"{settings.host}:{port}: {why}; end what listens there, or set {name} to another port")


def _supervise(root: Path, mark: str, settings: Settings, serve: ServeParams) -> "subprocess.Popen[bytes]":
    """honcho, detached from this terminal; what the processes say goes to a file."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, **settings.addresses, MARK: mark, "PATH": path, "PYTHONUNBUFFERED": "1"}
    drop_temporary_word(environment)
    if _log(root).exists():
        _log(root).replace(_log(root).with_suffix(".log.1"))
    # No `.env`: a variable of it would reach some processes only.
    command = [sys.executable, "-m", "pipelines.servers.honcho", "--env", os.devnull, "--no-colour", "start"]
    names = parse_procfile((root / "Procfile").read_text(encoding="utf-8")).processes
    command += [name for name in names if serve.cases or name != PROCESS]
    with _log(root).open("wb") as said:
        return subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(supervisor: "subprocess.Popen[bytes]", waited_for: Sequence[str], said: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not all(answers(address, within=2.0) for address in waited_for):
        ended = supervisor.poll() is not None
        if ended or time.monotonic() > deadline:
            why = "ended" if ended else f"did not answer within {PATIENCE:g} s"
            lines = said.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
            raise CasebookError("\n".join([f"the servers {why}; {said} has it all, and ends with", *lines]))
        time.sleep(0.5)


def _end(mark: str) -> int:
    """End the marked processes: workers before the servers to which they tell the end of their runs."""
    ended = {process.pid for process in _processes(mark)}
    _ask(filter(_is_worker, _processes(mark)), GRACE)
    _ask(_processes(mark), KILLED_AFTER)
    while left := _processes(mark):  # some may have begun in between
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=1.0)
        ended |= {process.pid for process in left}
    return len(ended)


def _ask(processes: Iterable[psutil.Process], within: float) -> None:
    asked = list(processes)
    for process in asked:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(asked, timeout=within)


def _processes(mark: str) -> list[psutil.Process]:
    found = []
    for number in alive(mark):
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(number))
    return found


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "worker" in process.cmdline()
    except psutil.Error:
        return False
