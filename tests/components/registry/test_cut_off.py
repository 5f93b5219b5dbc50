"""A release or a rollback that is killed anywhere and repeated ends as if nothing had happened."""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.components.registry.conftest import child_environment

SIGKILLED = -9


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_anywhere_and_repeated_all_ends_the_same(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.components.registry.cut_off", str(root)],
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    ends = defaultdict(dict)
    for line in done.stdout.splitlines():
        said = json.loads(line)
        kind, _, attempt = said["label"].partition(": ")
        assert said["code"] == SIGKILLED, f"{said['label']} was not killed, or could not be repeated"
        ends[kind][attempt] = said["state"]
    assert {kind: len(attempts) for kind, attempts in ends.items()} == {
        "first release": 21,
        "second release": 34,
        "rollback": 10,
    }
    for kind, attempts in ends.items():
        expected = attempts.pop("undisturbed")
        assert expected["file"], f"{kind}: the ledger's file says something else than the tags"
        for attempt, state in attempts.items():
            assert state == expected, f"{kind}: killed {attempt}"
    assert expected["aliases"] == {"candidate": "2", "champion": "1"}
    assert [entry[0] for entry in expected["ledger"]] == ["promoted", "promoted", "rolled_back"]
