"""Forks of the helper: when there may be one, what it takes over from the stage's own process, and its end."""

import contextlib
import importlib
import os
import runpy
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from pipelines.warm.messages import VARYING, Message, receive, send

OURS = ("pipelines", "components")
REQUEST_SECONDS = 10.0
CREDENTIALS = struct.Struct("iII")  # of the process at the other end: its id, user and group
READ = select.POLLIN | select.POLLHUP


@dataclass(frozen=True)
class Order:
    """What a fork is to do: the request of the stage's process, and that one's stdin, stdout and stderr."""

    request: Message
    standard: list[int]


@dataclass(frozen=True)
class Child:
    """A stage at work: its process, a descriptor that tells its end, and the connection to its stand-in."""

    pid: int
    watch: int
    stand_in: socket.socket


class Forks:
    """The stages under way. One thread waits for news of them, for other stages, and for the end of the run."""

    def __init__(self, listening: socket.socket, run: int, refusal: Callable[[Message], str | None]) -> None:
        self.listening, self.run, self.refusal = listening, run, refusal
        self.children: list[Child] = []
        self.taking = True

    def serve(self) -> Order | None:
        """In each fork what it is to do; in the helper None, when the run is gone and all stages have ended."""
        while self.taking or self.children:
            ready = self._ready()
            for child in list(self.children):
                if child.stand_in.fileno() in ready:
                    self._heed(child)
                if child.watch in ready:
                    self._bury(child)
            if self.taking and self.run in ready:
                self.taking = False
                self.listening.close()
            elif self.taking and self.listening.fileno() in ready and (order := self._take()):
                return order
        return None

    def _ready(self) -> set[int]:
        watched = select.poll()
        for descriptor in (self.run, self.listening.fileno()) if self.taking else ():
            watched.register(descriptor, READ)
        for child in self.children:
            watched.register(child.watch, READ)
            if child.stand_in.fileno() >= 0:
                watched.register(child.stand_in, READ)
        return {descriptor for descriptor, _ in watched.poll()}

    def _take(self) -> Order | None:
        """Fork for one stage, or tell it why not."""
        stand_in, _ = self.listening.accept()
        stand_in.settimeout(REQUEST_SECONDS)
        _, user, _ = CREDENTIALS.unpack(stand_in.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
        standard: list[int] = []
        try:
            request, standard = receive(stand_in, 3) if user == os.getuid() else (None, [])
            refused = None if request is None else self.refusal(request)
            if refused is not None:
                send(stand_in, {"cold": refused})
            elif request is not None and self._fork(stand_in):
                return Order(request, standard)
        except OSError:  # it has gone again
            pass
        for descriptor in standard:
            os.close(descriptor)
        if not any(child.stand_in is stand_in for child in self.children):
            stand_in.close()
        return None

    def _fork(self, stand_in: socket.socket) -> bool:
        """Whether this is the fork; it keeps none of the helper's descriptors."""
        pid = os.fork()
        if pid:
            child = Child(pid, os.pidfd_open(pid), stand_in)
            self.children.append(child)
            send(stand_in, {"pid": pid}, [child.watch])
            return False
        for child in self.children:
            os.close(child.watch)
            child.stand_in.close()
        stand_in.close()
        self.listening.close()
        os.close(self.run)
        return True

    def _heed(self, child: Child) -> None:
        """Hand a signal on; where the stand-in was killed the stage is, and what it has started with it."""
        try:
            said = child.stand_in.recv(1)
        except OSError:
            said = b""
        if said:
            _signal(child.pid, said[0])
        else:
            child.stand_in.close()
            _signal(child.pid, signal.SIGKILL)

    def _bury(self, child: Child) -> None:
        """End what the stage has left of its group, while its id is still its own, and tell how it ended."""
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
        self.children.remove(child)
        os.close(child.watch)
        with contextlib.suppress(OSError), child.stand_in:
            send(child.stand_in, {"status": status})


def _signal(pid: int, number: int) -> None:
    """To the stage and what it has started, as a signal to DVC's group is; a fork leads its own a moment later."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        os.kill(pid, number)


def become(order: Order, helper: int, die_with_parent: Callable[[], None]) -> NoReturn:
    """Be the process that asked: all that it was started with, and then the command that it was started for."""
    die_with_parent()
    if os.getppid() != helper:  # it was killed before the kernel knew
        os.kill(os.getpid(), signal.SIGKILL)
    os.setsid()
    request = order.request
    for number, descriptor in enumerate(order.standard):
        os.dup2(descriptor, number)
    for descriptor in order.standard:
        os.close(descriptor)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
    os.chdir(request["folder"])
    os.umask(request["umask"])
    for name in VARYING:
        os.environ.pop(name, None)
    os.environ.update(request["variables"])
    sys.executable, sys.orig_argv = request["executable"], list(request["command"])
    _draw_anew()
    _forget_ours()
    _, first, *rest = request["command"]
    if first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")
    sys.exit(0)


def _draw_anew() -> None:
    """NumPy and torch draw their seeds when they are imported; forks would all have the same."""
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    if (torch := sys.modules.get("torch")) is not None:
        torch.seed()


def _forget_ours() -> None:
    """Our modules are read anew in each fork, as they are now."""
    for name in [name for name in sys.modules if name.partition(".")[0] in (*OURS, "__mp_main__")]:
        del sys.modules[name]
    importlib.invalidate_caches()
