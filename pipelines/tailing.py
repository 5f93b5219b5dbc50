"""Output of a process, line by line, through a file: a pipe would break the process when its reader is killed."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.1


@contextmanager
def output_file() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A file to write to, for another process, and the same to read from. It has lost its name: a kill leaves none."""
    descriptor, name = tempfile.mkstemp()
    path = Path(name)
    with os.fdopen(descriptor, "wb") as written, path.open("rb") as reader:
        path.unlink()
        yield written, reader


def lines_of(process: "subprocess.Popen[str]", reader: IO[bytes]) -> Iterator[str]:
    """Each line that the process and its children write, until it has ended; a `\\r` ends a line, too."""
    rest = b""
    while True:
        over = process.poll() is not None  # asked before reading: what is written until then is read below
        rest += reader.read()
        *whole, rest = rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
        if over:
            break
        time.sleep(POLL_SECONDS)
    if rest:
        yield rest.decode(errors="replace")
