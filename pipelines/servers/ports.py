"""Ports that the servers listen on: whether one is free, and who has it."""

import socket
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Holder:
    """A process that listens, as far as this user may know it; `folder` is the one that it runs in."""

    pid: int
    name: str
    folder: Path | None


def refusal(host: str, port: int) -> str | None:
    """Why a server could not listen there, in the system's words; None if it could."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return str(error.strerror)
    return None


def holder(port: int) -> Holder | None:
    """The process that listens on the port; None if none does, or it is another user's."""
    try:
        listening = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
        pid = next((one.pid for one in listening if one.laddr.port == port and one.pid is not None), None)
        return None if pid is None else _described(psutil.Process(pid))
    except psutil.Error:  # it has just ended
        return None


def _described(process: psutil.Process) -> Holder:
    try:
        folder = Path(process.cwd())
    except psutil.Error:
        folder = None
    return Holder(process.pid, process.name(), folder)
