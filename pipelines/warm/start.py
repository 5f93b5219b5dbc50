"""The helper of a run, kept while the run lasts."""

import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipelines.warm.messages import SOCKET, UNFIT

log = logging.getLogger(__name__)

COLD = "CASEBOOK_COLD"  # set to anything, it keeps every stage a process that starts by itself
END_SECONDS = 5.0


@contextmanager
def warm_helper(root: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Keep a helper for what is started in `root` with `environment`; yields the variable by which stages find it.

    None is yielded where there can be no helper, and where nobody wants one.
    """
    if os.environ.get(COLD) or sys.platform != "linux":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="casebook-", ignore_cleanup_errors=True) as folder:
        address = Path(folder) / "socket"
        try:
            helper = _Helper(address, root, environment)
        except OSError as error:  # such as a path that is too long for a socket
            log.warning("no helper for this run (%s): each stage starts by itself", error)
            yield {}
            return
        try:
            yield {SOCKET: str(address)}
        finally:
            helper.end()


class _Helper:
    """Its process, and the end of a pipe by which it knows that this run goes on."""

    def __init__(self, address: Path, root: Path, environment: Mapping[str, str]) -> None:
        python = Path(sys.executable).with_name("python")  # the first on DVC's PATH
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(str(address))
            listening.listen()
            read, self.write = os.pipe()
            self.said = tempfile.TemporaryFile()
            command = [python if python.exists() else sys.executable, "-m", "pipelines.warm.helper"]
            self.process = subprocess.Popen(
                [*command, str(listening.fileno()), str(read), address],
                cwd=root,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.said,
                pass_fds=(listening.fileno(), read),
                start_new_session=True,  # a Ctrl-C is for the run, which ends its stages
            )
            os.close(read)

    def end(self) -> None:
        """Let it go, and say why there was none, if so."""
        os.close(self.write)
        try:
            code = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        with self.said:
            self.said.seek(0)
            *_, reason = ["", *self.said.read().decode(errors="replace").splitlines()]
        if code == UNFIT and reason:
            log.warning("there was no helper: %s; each stage started by itself", reason)
