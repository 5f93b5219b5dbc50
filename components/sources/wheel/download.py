"""Package archives, from the index that pip is set up for, kept in a cache."""

import errno
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import sweep_temporaries, whole_folder
from components.core.locks import held_lock
from components.core.params.source import Package
from components.core.passwords import without_login
from components.sources.wheel.archives import too_large

log = logging.getLogger(__name__)

LINKS = "PIP_FIND_LINKS"
SMALLEST = 1 << 20  # bytes of a file that pip may need for itself
# An sdist is not left to `pip download`, which runs the package's own code: see sdist.py.
COMMANDS = {
    "wheel": ["-m", "pip", "download", "--only-binary=:all:", "--no-deps"],
    "sdist": ["-P", str(Path(__file__).with_name("sdist.py")), "--no-binary=:all:", "--no-deps"],
}


def archive(source: Package, cache: Path, most: int) -> Path:
    """The archive of `source`: the one in `cache`, or downloaded into it whole. Nothing of it is run.

    Two that want the same archive at once download it once: the second waits.

    Raises:
        CasebookError: the index is out of reach or has no such version or no such kind of archive, or the archive has
            more than `most` bytes, which are not brought.
    """
    folder = cache / source.requirement / source.archive
    with held_lock(folder.with_suffix(".lock"), f"download of {source.requirement}"):
        if not folder.exists():
            sweep_temporaries(folder.parent, folder.name)
            with whole_folder(folder) as temporary:
                _download(source, temporary, most)
        found = list(folder.iterdir())
    if len(found) != 1:
        raise CasebookError(f"{folder}: has {len(found)} files, not one archive; delete it and fetch again")
    log.info("%s: %s", source.requirement, found[0])
    return found[0]


def _download(source: Package, folder: Path, most: int) -> None:
    log.info("%s: downloading its %s", source.requirement, source.archive)
    options, variables = _mirror(os.environ.get("CASEBOOK_MIRROR") or "")
    options += ["--no-input", "--disable-pip-version-check", "--dest", str(folder)]
    # After `--` a requirement that starts with a dash is no option.
    code, said = _run([sys.executable, *COMMANDS[source.archive], *options, "--", source.requirement], variables, most)
    if code != 0 and any(f"[Errno {errno.EFBIG}]" in line for line in said):
        raise CasebookError(too_large(f"{source.requirement}: its {source.archive}", most))
    if code != 0:
        raise CasebookError(_failure(source, code, said))


def _mirror(mirror: str) -> tuple[list[str], dict[str, str]]:
    """Options and variables with which pip looks there, too. Others on this machine can read a command line, and an
    address may hold a password; of a folder's name, blanks in a variable would make several.
    """
    if "://" not in mirror:
        return (["--find-links", mirror] if mirror else []), {}
    return [], {LINKS: " ".join(filter(None, (os.environ.get(LINKS), mirror)))}


def _run(command: list[str], variables: Mapping[str, str], most: int) -> tuple[int, list[str]]:
    """Run `command`, logging its warnings as they come; give its exit code and what it said on stderr. It can write no
    file of more than `most` bytes, where the system can say so of another process (Linux).
    """
    # pip draws its bar on stdout, which is for a command's own answer: a terminal gets it on stderr.
    bar = sys.stderr if sys.stderr.isatty() else subprocess.DEVNULL
    said = []
    with subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdout=bar,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        _bound_files(process.pid, most)
        try:
            for spoken in process.stderr or ():
                line = without_login(spoken)
                said.append(line.strip())
                if line.startswith("WARNING: "):  # such as a retry, while a person waits
                    log.warning("pip: %s", line.removeprefix("WARNING: ").strip())
        except BaseException:  # a signal: do not wait for the download to end
            process.kill()
            raise
    return process.returncode, [line for line in said if line]


def _bound_files(process: int, most: int) -> None:
    # Bytecode of pip's own modules, and its locks, are files too.
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (max(most, SMALLEST), max(most, SMALLEST)))


def _failure(source: Package, code: int, said: list[str]) -> str:
    # pip's last line says that there is none, the one before it which versions there are.
    errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")][-2:]
    reason = "; ".join(errors or said[-1:]) or f"no message, exit code {code}"
    return (
        f"{source.requirement}: its {source.archive} could not be downloaded: {reason}. Check the version, the network "
        "and pip's index settings (`pip config list`; no versions at all mean that the index was not reached), or set "
        "CASEBOOK_MIRROR to a folder or page with the archive, or take the rows from a file (`source: kind: file`)"
    )
