"""Copy of a file, alike for every kind of source: check its name, copy it with a bar, take its digest."""

import hashlib
import logging
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.files import CHUNK

log = logging.getLogger(__name__)

ORIGIN_FILE = "source.json"


def check_name(to: str) -> None:
    """Refuse a `to` that would leave the raw folder or hide in it.

    Raises:
        CasebookError: `to` has a folder in it, starts with a dot, or is the name of `source.json`.
    """
    plain = to == PurePosixPath(to).name == PureWindowsPath(to).name and "\0" not in to
    if not to or not plain or to.startswith(".") or to == ORIGIN_FILE:
        raise CasebookError(
            f"params.yaml: source: to: {to!r} is not a plain file name; write one without folders and without a "
            f"leading dot, such as rows.parquet ({ORIGIN_FILE} is taken)"
        )


def copy(stream: IO[bytes], target: Path, size: int, label: str) -> str:
    """Copy `size` bytes of `stream` to `target`, with a progress bar on a terminal; give their sha256."""
    digest = hashlib.sha256()
    # disable=None: no bar where stderr is not a terminal.
    bar = tqdm(total=size, desc=label, unit="B", unit_scale=True, leave=False, disable=None)
    with bar, target.open("wb") as file:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
            bar.update(len(chunk))
    log.info("%s: %d bytes", label, target.stat().st_size)
    return digest.hexdigest()
