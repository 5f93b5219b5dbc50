"""What a stage's process and the helper of its run say to each other, and what both must have alike."""

import json
import os
import resource
import signal
import socket
import struct
import sys
from typing import Any

SOCKET = "CASEBOOK_WARM"  # where the helper of a run listens, for the stages that DVC starts in it

# What DVC, the shell and the flow set for one stage: no library reads these when it is imported.
VARYING = frozenset({"DVC_ROOT", "DVC_STAGE", "CASEBOOK_FLOW_RUN_ID", "PWD", "OLDPWD", "SHLVL", "_"})
UNFIT = 2  # exit code of a helper that must not be forked
LIMITS = [name for name in dir(resource) if name.startswith("RLIMIT_")]
LENGTH = struct.Struct("!Q")

Message = dict[str, Any]


def send(to: socket.socket, message: Message, descriptors: list[int] | None = None) -> None:
    content = json.dumps(message).encode("ascii")
    socket.send_fds(to, [LENGTH.pack(len(content))], descriptors or [])
    to.sendall(content)


def receive(source: socket.socket, descriptors: int = 0) -> tuple[Message | None, list[int]]:
    """One message, and what came with it, of at most so many descriptors; no message where the other side is gone."""
    first, found, _, _ = socket.recv_fds(source, LENGTH.size, descriptors)
    length = first + _read(source, LENGTH.size - len(first)) if first else b""
    if len(length) < LENGTH.size:
        return None, found
    (size,) = LENGTH.unpack(length)
    content = _read(source, size)
    return (json.loads(content) if len(content) == size else None), found


def _read(source: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size and (more := source.recv(size - len(content))):
        content += more
    return content


def traits() -> Message:
    """What a process has taken over as it started and what is imported in it rests on, in the form that is sent."""
    found = {
        "Python": [sys.version, sys.prefix, os.path.realpath(sys.executable), list(sys.flags), sys.warnoptions],
        "sys.path": sys.path,
        "user": [os.getuid(), os.getgid(), sorted(os.getgroups())],
        "limits": {
            name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name[:7] == "RLIMIT_"
        },
        "cores": sorted(os.sched_getaffinity(0)),
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "signals": [sorted(_ignored()), sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))],
        "environment": {name: value for name, value in os.environ.items() if name not in VARYING},
    }
    return dict(json.loads(json.dumps(found)))


def _ignored() -> list[int]:
    return [number for number in signal.valid_signals() if signal.getsignal(number) == signal.SIG_IGN]


def differing(one: Message, other: Message) -> list[str]:
    """The names of the traits, and of the variables, in which the two differ."""
    names = [name for name in one if name != "environment" and one[name] != other.get(name)]
    first, second = one["environment"], other["environment"]
    return names + sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
