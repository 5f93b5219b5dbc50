"""The processes of a distributed fit: this one trains as the first of them, the others help.

Lightning itself would start the others by running this program once more, whole stage and all. Here they run
`python -m components.training.helper`, which does nothing but fit what the first process hands it; under torchrun
they are there already.
"""

import atexit
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import cloudpickle
import torch
import torch.distributed as dist

from components.core.errors import CasebookError
from components.core.job import Job
from components.core.params.case import FitParams
from components.core.parts import Training
from components.training.launched import launched

log = logging.getLogger(__name__)

# The helpers wait between fits for as long as those take; a process that dies is noticed at once all the same.
PATIENCE = timedelta(days=7)
GRACE_SECONDS = 60.0
END_SECONDS = 3.0  # from a process's closed connection to its exit code, on a busy machine


@dataclass(frozen=True)
class DistributedFit:
    """What a helper is to take part in; `resume` says whether there is a checkpoint to go on from."""

    job: Job
    training: Training
    state: Path
    resume: bool


def world_size(params: FitParams) -> int:
    return params.devices * params.num_nodes


def check_processes(params: FitParams) -> None:
    """Say what is wrong with the processes that are asked for, before any is started.

    Raises:
        CasebookError: they cannot share a batch, are started by copying this one, or are on nodes that are not there.
    """
    world = world_size(params)
    place = launched()
    if place is not None and place.world_size != world:
        raise CasebookError(
            f"torchrun started {place.world_size} processes and fit.devices x fit.num_nodes are {world}; let them agree"
        )
    if world == 1:
        return
    if params.batch_size % world:
        raise CasebookError(
            f"fit.batch_size={params.batch_size} is the whole batch of a step, which {world} processes "
            f"(fit.devices x fit.num_nodes) cannot share equally; make it a multiple of {world}"
        )
    if any(word in params.strategy for word in ("spawn", "fork", "notebook")):
        raise CasebookError(
            f"fit.strategy={params.strategy!r} would copy this process with its open files and connections; "
            "say ddp, or auto"
        )
    if params.num_nodes > 1 and place is None:
        raise CasebookError(
            f"fit.num_nodes={params.num_nodes}: start the stage on each node with deploy/torchrun.sh, "
            "which tells the processes of each other"
        )


@contextmanager
def together(job: Job, training: Training, state: Path, *, resume: bool) -> Iterator[None]:
    """Hand the fit to the other processes and have them beside this one until the block is left.

    Raises:
        CasebookError: one of them died.
    """
    if world_size(job.params.fit) == 1:
        yield
        return
    if launched() is not None:
        atexit.unregister(_hand_out)
        _meet()
        _hand_out(DistributedFit(job, training, state, resume))
        yield
        # Only now: helpers that are in the midst of a fit would take it for a part of that.
        atexit.register(_hand_out, None)
        return
    with _environment(job.params.fit.devices), _started(job.params.fit.devices) as helpers:
        try:
            _meet()
            _hand_out(DistributedFit(job, training, state, resume))
            yield
            _hand_out(None)
            for helper in helpers:
                helper.wait(GRACE_SECONDS)
        except RuntimeError as error:
            if gone := _gone(helpers):
                raise CasebookError(
                    f"fit: {len(gone)} of {len(helpers) + 1} processes ended before the fit did, the first with exit "
                    f"code {gone[0].returncode}; what they said stands above. Run this again: it goes on after the "
                    "last whole epoch"
                ) from error
            raise
        finally:
            if dist.is_initialized():
                dist.destroy_process_group()


def _gone(helpers: list["subprocess.Popen[bytes]"]) -> list["subprocess.Popen[bytes]"]:
    """Those that ended in an error. A process that is killed closes its connections before it has an exit code."""
    until = time.monotonic() + END_SECONDS
    while not (gone := [helper for helper in helpers if helper.poll()]) and time.monotonic() < until:
        time.sleep(0.05)
    return gone


def receive() -> DistributedFit | None:
    """As a helper, wait for the next fit; None says that there will be none."""
    _meet()
    content: list[bytes | None] = [None]
    dist.broadcast_object_list(content, src=0, device=torch.device("cpu"))
    assert content[0] is not None
    distributed: DistributedFit | None = cloudpickle.loads(content[0])
    return distributed


def _hand_out(distributed: DistributedFit | None) -> None:
    # Not pickle: the case of a second fit holds functions that are made where they are needed.
    dist.broadcast_object_list([cloudpickle.dumps(distributed)], src=0, device=torch.device("cpu"))


def _meet() -> None:
    """Join the group that the environment describes, once; Lightning finds it and uses it."""
    if dist.is_initialized():
        return
    backend = "gloo"
    if torch.cuda.is_available():
        place = launched()
        assert place is not None
        torch.cuda.set_device(place.local_rank)
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, init_method="env://", timeout=PATIENCE)


@contextmanager
def _environment(devices: int) -> Iterator[None]:
    """What torch and Lightning read of who is who, for the first process of this machine alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(devices),
        "RANK": "0",
        "LOCAL_RANK": "0",
        "NODE_RANK": "0",
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _started(devices: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The other processes; they end with this one, whose end closes the pipe that they listen to."""
    helpers = []
    try:
        for rank in range(1, devices):
            environment = os.environ | {"RANK": str(rank), "LOCAL_RANK": str(rank), "CASEBOOK_LISTEN": "true"}
            command = [sys.executable, "-m", "components.training.helper"]
            helpers.append(subprocess.Popen(command, env=environment, stdin=subprocess.PIPE))
        yield helpers
    finally:
        for helper in helpers:
            if helper.poll() is None:
                helper.kill()
            helper.wait()
            assert helper.stdin is not None
            helper.stdin.close()
