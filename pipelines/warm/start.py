"""The helper of a run, kept while the run lasts."""

import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from pipelines.warm.messages import SOCKET, UNFIT

log = logging.getLogger(__name__)

COLD = "CASEBOOK_COLD"  # set to anything, it keeps every stage a process that starts by itself
END_SECONDS = 5.0
CHEAP = ("fetch", "prepare")  # stages that import little of what a helper has
WORTH_A_HELPER = 3  # other stages: it costs the imports of two
# What stages import, as far as it starts no thread that cannot be ended, as onnxruntime does.
LIBRARIES = (
    "pydantic",
    "pandas",
    "pyarrow.parquet",
    "pandera.pandas",
    "torch",
    "lightning.pytorch",
    "mlflow.pyfunc",
    "sqlalchemy.dialects.sqlite",
    "alembic",
    "mlflow.store.tracking.sqlalchemy_store",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.isotonic",
    "lightgbm",
    "onnx",
    "optuna",
    "ruamel.yaml",
)


def helper_for(
    stages: Iterable[str], root: Path, environment: Mapping[str, str]
) -> AbstractContextManager[dict[str, str]]:
    """`warm_helper` where more is saved in these stages, named as `fit@CASE`, than the helper's own imports take."""
    dear = [stage for stage in stages if stage.partition("@")[0] not in CHEAP]
    return warm_helper(root, environment) if len(dear) >= WORTH_A_HELPER else nullcontext({})


@contextmanager
def warm_helper(
    root: Path, environment: Mapping[str, str], libraries: Sequence[str] = LIBRARIES
) -> Iterator[dict[str, str]]:
    """Keep a helper for what is started in `root` with `environment`; yields the variable by which stages find it.

    Yields none where there can be no helper, and where nobody wants one.
    """
    if os.environ.get(COLD) or sys.platform != "linux":
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="casebook-", ignore_cleanup_errors=True) as folder:
        address = Path(folder) / "socket"
        try:
            helper = _Helper(address, root, environment, libraries)
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

    def __init__(self, address: Path, root: Path, environment: Mapping[str, str], libraries: Sequence[str]) -> None:
        python = Path(sys.executable).with_name("python")  # the first on DVC's PATH
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(str(address))
            listening.listen()
            read, self.write = os.pipe()
            self.said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
            command = [str(python if python.exists() else sys.executable), "-m", "pipelines.warm.helper"]
            self.process = subprocess.Popen(
                [*command, str(listening.fileno()), str(read), str(address), *libraries],
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
        before = self.process.poll()
        os.close(self.write)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with self.said:
            self.said.seek(0)
            *_, reason = ["", *self.said.read().decode(errors="replace").splitlines()]
        if before == UNFIT and reason:
            log.warning("there was no helper: %s; each stage started by itself", reason)
