"""What of a checkout is closed to other users of the machine: what `casebook predict` was asked, and the stores."""

import os
from collections.abc import Iterator
from pathlib import Path

from components.core.private import private_file, private_folder

PREFECT = "prefect.db"


def close_stores(root: Path) -> None:
    """Give all of it the rights that `operate.shared` says: what older versions made, too, and after an edit of it."""
    for path in _folders(root):
        private_folder(path, root)
    for path in _files(root):
        private_file(path, root)


def close_prefect(root: Path) -> None:
    """Make Prefect's folder and database before Prefect does, which lets others read them."""
    home = Path(os.environ.get("PREFECT_HOME") or root / ".prefect")
    if home.is_relative_to(root):
        private_folder(home, root)
        private_file(home / PREFECT, root)


def _folders(root: Path) -> Iterator[Path]:
    names = (".prefect", "ledger", "mlartifacts", "state/servers", "state/predictions", "state/serving")
    yield from filter(Path.is_dir, (root / name for name in names))
    for pattern in ("*", "*/*"):
        yield from filter(Path.is_dir, (root / "state" / "predictions").glob(pattern))


def _files(root: Path) -> Iterator[Path]:
    yield from filter(Path.is_file, (root / "mlflow.db", root / ".prefect" / PREFECT))
    for pattern in ("search/*/study.db", "crossval/**/study.db"):
        yield from (root / "state").glob(f"*/{pattern}")
    yield from (root / "ledger").glob("*.jsonl")
    for folder, pattern in (("predictions", "*/**/*.parquet"), ("servers", "*.db")):
        yield from (root / "state" / folder).glob(pattern)
