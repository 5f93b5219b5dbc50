"""What a process says is read while it runs and after, and it goes on when nobody reads."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from pipelines.tailing import lines_of, output_file


def said(code: str) -> list[str]:
    with output_file() as (written, reader):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=written, stderr=subprocess.STDOUT, text=True
        )
        return list(lines_of(process, reader))


def test_lines_come_in_their_order_whatever_ends_them() -> None:
    assert said(r"""
        import sys
        sys.stdout.buffer.write("a\r\nb\rc \u00e9\n\nd".encode()); sys.stdout.flush()
        sys.stderr.buffer.write(b" \xff\n"); sys.stderr.flush()
        print("last", end="")
    """) == ["a", "b", "c \u00e9", "", "d \ufffd", "last"]


def test_a_line_is_told_while_the_process_goes_on() -> None:
    code = "import sys; print('asked', flush=True); print(sys.stdin.readline().strip(), flush=True)"
    with output_file() as (written, reader):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=written, stderr=written, text=True
        )
        lines = lines_of(process, reader)
        assert next(lines) == "asked"
        assert process.stdin is not None
        process.stdin.write("answered\n")
        process.stdin.close()
        assert list(lines) == ["answered"]


READER = """
import pathlib, subprocess, sys
from pipelines.tailing import lines_of, output_file
with output_file() as (written, reader):
    process = subprocess.Popen([sys.executable, "talker.py"], stdout=written, stderr=written, text=True)
    for line in lines_of(process, reader):
        pathlib.Path("heard").write_text(line)
"""
TALKER = """
import pathlib, sys, time
print("begun", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.02)
for _ in range(10_000):
    print("x" * 100, flush=True)
pathlib.Path("end").write_text("whole")
"""


def test_a_reader_that_is_killed_breaks_nobody(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    (tmp_path / "talker.py").write_text(TALKER, encoding="utf-8")
    reader = subprocess.Popen([sys.executable, "-c", READER], cwd=tmp_path)
    wait_until((tmp_path / "heard").exists, "the first line was read")
    reader.kill()
    reader.wait()
    (tmp_path / "go").touch()
    wait_until((tmp_path / "end").exists, "all was written")
    assert (tmp_path / "end").read_text(encoding="utf-8") == "whole"
