"""`make lint` refuses a block of twelve lines that stands twice, and no shorter one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.toy.jobs import CHECKOUT


@pytest.mark.parametrize(("lines", "refused"), [(12, True), (11, False)])
def test_a_block_that_stands_twice_is_refused(tmp_path: Path, lines: int, refused: bool) -> None:
    block = "".join(f"    total = total * {number} + step\n" for number in range(lines))
    for name, before, after in (("first", "of the one", 1), ("second", "of the other", 2)):
        said = f'"""A module {before}."""\n\n\ndef {name}(total, step):\n{block}    return total + {after}\n'
        (tmp_path / f"{name}.py").write_text(said)
    done = subprocess.run(
        [sys.executable, "-m", "pylint", "--rcfile", CHECKOUT / "pyproject.toml", "first.py", "second.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0, "duplicate-code" in done.stdout) == (refused, refused), done.stdout + done.stderr
