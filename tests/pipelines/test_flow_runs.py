"""A flow run counts as gone when its process is, and not before."""

import subprocess
import sys
from pathlib import Path
from uuid import UUID

from pipelines.flow_runs import gone

ROOT = Path(__file__).parents[2]
ID = UUID("0198c3a1-0000-7000-8000-000000000001")
HOLDER = """
import sys, time
from pathlib import Path
from pipelines.flow_runs import hold
hold(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
time.sleep(600)
"""


def test_a_run_is_gone_once_its_process_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    assert gone(folder) == []
    command = [sys.executable, "-c", HOLDER, str(folder), str(ID)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert gone(folder) == []
        process.kill()
    assert gone(folder) == [ID]
