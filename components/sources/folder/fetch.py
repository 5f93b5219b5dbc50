"""A folder that the user has, such as a laboratory's images and their annotations."""

import os
import shutil
from pathlib import Path

from tqdm import tqdm

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.core.params.source import FolderSource
from components.sources.copying import ORIGIN_FILE


def fetch(source: FolderSource, folder: Path, root: Path) -> None:
    """Copy all files below the source's path to `folder`, at the same paths; a relative path counts from `root`.

    Hidden files and folders, such as those of version control, and links to folders stay behind.

    Raises:
        CasebookError: no such folder, nothing in it, or a file in it cannot be read.
    """
    path = root / Path(source.path).expanduser()
    if not path.is_dir():
        hint = f"correct source.path (a relative one counts from the checkout){nearest_path(path)}"
        raise CasebookError(f"{path}: no such folder; {hint}")
    names = sorted(_names(path))
    if not names:
        raise CasebookError(f"{path}: no file in it; correct source.path")
    if ORIGIN_FILE in names:
        raise CasebookError(f"{path / ORIGIN_FILE}: the name is taken for what says where files are from; rename it")
    for name in tqdm(names, desc=path.name, unit="file", leave=False, disable=None):
        _copy(path / name, folder / name)


def _names(path: Path) -> list[str]:
    found = []
    for parent, folders, files in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(parent).relative_to(path)
        found += [(below / name).as_posix() for name in files if not name.startswith(".")]
    return found


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(path, target)
    except OSError as error:
        raise CasebookError(
            f"{path}: cannot be copied to {target.parent}: {error.strerror}; see to its permissions and to the disk"
        ) from None
