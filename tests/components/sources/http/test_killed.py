"""A fetch that was killed goes on where it was."""

import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.components.sources.http.fetching import CONTENT, got, url
from tests.components.sources.http.server import source

ROOT = Path(__file__).parents[4]
PATIENCE = 300.0  # seconds; only a failure takes so long
RUN = """
import signal
import sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
from components.core.params.source import HttpSource
from components.sources.fetch import fetch
root = Path(sys.argv[2])
fetch(HttpSource.model_validate_json(sys.argv[1]), root / "raw" / "toy", root, root / "state")
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_what_was_killed_goes_on_in_the_middle_of_a_file(root, server, how):
    name = "images/one two.jpg"
    server.faults[url(name)] = ["stall"]
    wanted = source(f"{server.base}/data/v1", timeout=60.0).model_dump_json()
    with subprocess.Popen(
        [sys.executable, "-c", RUN, wanted, str(root)], cwd=ROOT, stderr=subprocess.DEVNULL
    ) as process:
        assert server.half_sent.wait(PATIENCE)
        part = root / "state" / "http" / f"{sha256(CONTENT[name]).hexdigest()}.part"
        deadline = time.monotonic() + PATIENCE
        while not (part.exists() and part.stat().st_size == len(CONTENT[name]) // 2):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(how)
        if how == signal.SIGINT:
            server.closing.set()  # a thread that waits for bytes ends with them
        process.wait(PATIENCE)
    assert not (root / "raw" / "toy").exists()
    assert got(root, server) == CONTENT
    assert server.ranges_of(url(name))[1] == f"bytes={len(CONTENT[name]) // 2}-"
