"""What a model keeps of users beside its weights: folders of events, each with a note of whose ids they are by.

`models/CASE/histories` is of the release. What has come since is a numbered set in `models/CASE/caught-up`, where DVC
looks at nothing: it is no out of a stage, and a run of the pipeline neither needs it nor takes it away.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from components.core.blocks import Block, read_block
from components.core.errors import CasebookError, DamagedError
from components.core.files import file_digest, read_json, whole_folder, write_json

if TYPE_CHECKING:
    import numpy as np

HISTORIES, CAUGHT_UP = "histories", "caught-up"  # below models/CASE; in a registered model the first beside the bundle
NOTE = "histories.json"
NONE = {"kept": False}  # the note of a case whose model keeps nothing of anyone
LEFT = 2  # sets that stay of the same encoders: who has opened one may read on while the next one comes


class Kept(Block):
    """The note of a folder of events. `encoders` is a digest of what gives ids their numbers: a model of other ones
    cannot read them. `until` is the time of the newest event (ISO 8601, UTC), `files` has the sha256 of each file.
    """

    encoders: str
    until: str | None
    events: int
    users: int
    files: dict[str, str]


def until_of(times: "np.ndarray") -> str | None:
    """The newest of times in seconds since 1970, as a note has it."""
    return datetime.fromtimestamp(int(times.max()), UTC).isoformat() if len(times) else None


def moment(until: str | None) -> str:
    """A time of a note as a person reads it."""
    return "no event" if until is None else f"{until[:19].replace('T', ' ')} UTC"


def write_note(folder: Path, *, encoders: str, until: str | None, events: int, users: int) -> None:
    """Write the note beside the files of a folder."""
    files = {path.name: file_digest(path) for path in sorted(folder.iterdir()) if path.name != NOTE}
    kept = Kept(encoders=encoders, until=until, events=events, users=users, files=files)
    write_json(folder / NOTE, kept.model_dump(mode="json"))


def read_kept(folder: Path) -> Kept | None:
    """The note of a folder; None where there is none, or it says that nothing is kept.

    Raises:
        CasebookError: it is damaged.
    """
    try:
        content = read_json(folder / NOTE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None if content == NONE else read_block(Kept, content, str(folder / NOTE))


def check_whole(folder: Path, kept: Kept) -> None:
    """Raises DamagedError if a file is not the one that was written."""
    for name, digest in kept.files.items():
        path = folder / name
        if not path.is_file() or file_digest(path) != digest:
            raise DamagedError(path, "not what was written (sha256 differs)", f"remove {folder}, then catch up again")


def newest_set(folder: Path, encoders: str | None = None) -> tuple[Path, Kept] | None:
    """The set of the highest number that can be read, of those `encoders` if any are given; None if there is none."""
    for path in reversed(numbered(folder)):
        try:
            kept = read_kept(path)
        except CasebookError:
            continue
        if kept is not None and encoders in (None, kept.encoders):
            return path, kept
    return None


def numbered(folder: Path) -> list[Path]:
    """The sets of a folder, the oldest first; not what a killed process has left half written."""
    found = [path for path in folder.glob("*") if re.fullmatch(r"[1-9]\d*", path.name) and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name))


def old_sets(folder: Path, left: int = LEFT) -> list[Path]:
    """The sets that newer ones of the same encoders have taken the place of, but the newest `left` of each."""
    of: dict[str | None, list[Path]] = {}
    for path in numbered(folder):
        of.setdefault(encoders_in(path), []).append(path)
    return [path for encoders, paths in of.items() for path in (paths if encoders is None else paths[:-left])]


def encoders_in(path: Path) -> str | None:
    """None of a set that cannot be read."""
    try:
        kept = read_kept(path)
    except CasebookError:
        return None
    return None if kept is None else kept.encoders


@contextmanager
def next_set(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield an empty folder and the number of the set that it becomes if the block succeeds. One process at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    number = 1 + max((int(path.name) for path in numbered(folder)), default=0)
    with whole_folder(folder / str(number)) as draft:
        yield draft, number
    for path in old_sets(folder):
        shutil.rmtree(path)
