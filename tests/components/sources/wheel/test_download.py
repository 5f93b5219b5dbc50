"""Archives come from pip's index once, whole, and a failure says what to do."""

import contextlib
import logging
import os
import pty
import resource
import signal
import subprocess
import sys
import termios
from pathlib import Path

import psutil
import pytest

from components.core.errors import CasebookError
from components.sources.wheel.download import archive

pytestmark = pytest.mark.slow

ROWS = {"rows.csv": b"age\n30\n"}
MOST = 10**9  # bytes
ROOT = Path(__file__).parents[4]
# A second process that downloads rows==1.0, as `archive` in this one would.
DOWNLOAD = """
import logging, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
from components.core.params.source import WheelSource
from components.sources.wheel.download import archive
logging.basicConfig(level=logging.INFO)
source = WheelSource.model_validate_json(sys.argv[1])
print(archive(source, Path(sys.argv[2]), 10**9))
"""


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def begin(source, cache, **options) -> subprocess.Popen:
    command = [sys.executable, "-c", DOWNLOAD, source.model_dump_json(), str(cache)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **options)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_an_unreachable_index_is_told(make, cache, kind):
    source = make.source(make.member("rows.csv", b""), archive=kind)
    with pytest.raises(CasebookError) as error:
        archive(source, cache, MOST)
    message = str(error.value)
    assert message.startswith(f"rows==1.0: its {kind} could not be downloaded: ")
    assert "(from versions: none)" in message
    assert "pip config list" in message
    assert "CASEBOOK_MIRROR" in message
    assert "kind: file" in message
    assert files(cache) == [f"rows==1.0/{kind}.lock"]


@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_retry_is_shown_while_it_happens(make, cache, kind, monkeypatch, caplog):
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(CasebookError):
        archive(make.source(make.member("rows.csv", b""), archive=kind), cache, MOST)
    assert any("Retrying" in record.message for record in caplog.records if record.levelno == logging.WARNING)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no limit of another process's files here")
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_more_than_the_limit_is_not_brought(make, index, cache, tmp_path, kind):
    built = (make.wheel if kind == "wheel" else make.sdist)(tmp_path, {"rows.csv": os.urandom(3_000_000)})
    index.add(built)
    with pytest.raises(CasebookError, match=f"its {kind}: has more than the 2 MB of source.limits"):
        archive(make.source(make.member("rows.csv", b""), archive=kind), cache, 2_000_000)
    assert files(cache) == [f"rows==1.0/{kind}.lock"]
    assert archive(make.source(make.member("rows.csv", b""), archive=kind), cache, MOST).name == built.name


@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_mirror_stands_in_for_the_index(make, cache, kind, tmp_path, monkeypatch):
    mirror = tmp_path / "a mirror"
    build = make.wheel if kind == "wheel" else make.sdist
    built = build(mirror, ROWS)
    monkeypatch.setenv("CASEBOOK_MIRROR", str(mirror))
    found = archive(make.source(make.member("rows.csv", b""), archive=kind), cache, MOST)
    assert found.read_bytes() == built.read_bytes()


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_mirrors_password_is_on_no_command_line_and_in_no_message(make, index, cache, tmp_path, monkeypatch, kind):
    page = os.environ["PIP_INDEX_URL"].replace("http://", "http://ada:canary@")
    monkeypatch.setenv("CASEBOOK_MIRROR", f"{page}/rows")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    index.add((make.wheel if kind == "wheel" else make.sdist)(tmp_path, {"rows.bin": os.urandom(300_000)}))
    index.stalled = True
    process = begin(make.source(make.member("rows.csv", b""), archive=kind), cache)
    assert index.half_sent.wait(timeout=180)
    lines = [" ".join(one.cmdline()) for one in psutil.Process(process.pid).children(recursive=True)]
    assert any("rows==1.0" in line for line in lines)
    assert "canary" not in " ".join(lines)
    index.closing.set()  # half of it, and the end: an error
    out, err = process.communicate(timeout=180)
    assert process.returncode != 0
    assert "rows==1.0: its" in err
    assert "canary" not in out + err


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_wrong_pin_is_answered_with_the_versions_there_are(make, links, cache, kind):
    build = make.wheel if kind == "wheel" else make.sdist
    build(links, ROWS, version="1.0")
    build(links, ROWS, version="1.10")
    with pytest.raises(CasebookError, match=r"rows==9\.0: .*from versions: 1\.0, 1\.10\)"):
        archive(make.source(make.member("rows.csv", b""), requirement="rows==9.0", archive=kind), cache, MOST)


def test_a_wheel_is_not_built_from_an_sdist(make, links, cache, tmp_path):
    marker = tmp_path / "setup.py-has-run"
    make.sdist(links, {"setup.py": f"open({str(marker)!r}, 'w')".encode()})
    with pytest.raises(CasebookError, match=r"its wheel could not be downloaded: .*No matching distribution"):
        archive(make.source(make.member("rows.csv", b"")), cache, MOST)
    assert not marker.exists()


def test_an_sdist_with_another_digest_than_the_index_says_is_refused(make, index, cache, tmp_path):
    index.add(make.sdist(tmp_path, ROWS), digest="0" * 64)
    with pytest.raises(
        CasebookError, match=rf"rows-1\.0\.tar\.gz: sha256 is [0-9a-f]{{64}}, the index says {'0' * 64}"
    ):
        archive(make.source(make.member("rows.csv", b""), archive="sdist"), cache, MOST)
    assert files(cache) == ["rows==1.0/sdist.lock"]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_two_at_once_download_once(make, index, cache, tmp_path, kind):
    built = (make.wheel if kind == "wheel" else make.sdist)(tmp_path, ROWS)
    index.add(built)
    source = make.source(make.member("rows.csv", b""), archive=kind)
    both = [begin(source, cache) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert {Path(out.strip()).read_bytes() for out, _ in answers} == {built.read_bytes()}
    assert index.sent == [built.name]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_download_leaves_no_half_archive(make, index, cache, tmp_path, kind, how):
    built = (make.wheel if kind == "wheel" else make.sdist)(tmp_path, {"rows.bin": os.urandom(300_000)})
    index.add(built)
    index.stalled = True
    source = make.source(make.member("rows.csv", b""), archive=kind)
    killed = begin(source, cache)
    assert index.half_sent.wait(timeout=180)
    if how == signal.SIGKILL:
        os.killpg(killed.pid, how)
    else:
        killed.send_signal(how)  # the process alone: it has to end its pip
    _, said = killed.communicate(timeout=60)  # pip itself would give the index up after 90 s
    assert killed.returncode == -how
    assert ("KeyboardInterrupt" in said) == (how == signal.SIGINT)

    index.stalled = False
    found = archive(source, cache, MOST)
    assert found.read_bytes() == built.read_bytes()
    assert files(cache) == [f"rows==1.0/{kind}.lock", f"rows==1.0/{kind}/{built.name}"]
    assert list(cache.rglob(".*")) == []


def test_a_cache_with_a_foreign_file_is_named(make, cache):
    for name in ("a.whl", "b.whl"):
        path = cache / "rows==1.0" / "wheel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    with pytest.raises(CasebookError, match="has 2 files, not one archive; delete it"):
        archive(make.source(make.member("rows.csv", b"")), cache, MOST)


@pytest.mark.usefixtures("links")
def test_a_requirement_is_never_an_option(make, cache):
    with pytest.raises(CasebookError, match=r"-d==\.\."):
        archive(make.source(make.member("rows.csv", b""), requirement="-d==.."), cache, MOST)


def test_what_is_fetched_is_logged(make, links, cache, caplog):
    make.wheel(links, ROWS)
    with caplog.at_level(logging.INFO):
        archive(make.source(make.member("rows.csv", b"")), cache, MOST)
    assert "rows==1.0: downloading its wheel" in caplog.text


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_terminal_shows_a_bar_and_stdout_stays_the_answer(make, index, cache, tmp_path, kind):
    built = (make.wheel if kind == "wheel" else make.sdist)(tmp_path, {"rows.bin": os.urandom(2_000_000)})
    index.add(built)
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 120))
    process = begin(make.source(make.member("rows.csv", b""), archive=kind), cache, stderr=terminal)
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal's end, when the last process has left it
        while part := os.read(screen, 4096):
            shown += part
    out, _ = process.communicate(timeout=180)
    os.close(screen)
    assert built.name in shown.decode()
    assert "━━━" in shown.decode() or "100%" in shown.decode()  # pip's bar or tqdm's
    assert out.splitlines() == [str(cache / "rows==1.0" / kind / built.name)]
