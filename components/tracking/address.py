"""Where the MLflow store is: its address, the files of one in a checkout, and what is said of one out of reach.

Imports nothing of MLflow.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

VARIABLE = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"
DAMAGE = ("not a database", "malformed", "disk image", "unsupported file format")  # what SQLite says of a damaged file
ANSWER_WITHIN = 5.0  # seconds for a server's first answer; MLflow itself would try for four minutes


def store_address(root: Path) -> str:
    """What `MLFLOW_TRACKING_URI` says; unset, it is `mlflow.db` in `root`, its artifacts in `mlartifacts` beside it."""
    return os.environ.get(VARIABLE) or f"{SQLITE}{root.resolve() / 'mlflow.db'}"


def database_file(uri: str) -> Path | None:
    """The file of an SQLite address; None for a server's."""
    path = uri.removeprefix(SQLITE)
    return Path(path).resolve() if uri.startswith(SQLITE) and not path.startswith((":", "file:")) else None


def artifact_folder(uri: str) -> Path | None:
    """Where an SQLite store keeps its artifacts; None for a server, which decides by itself."""
    database = database_file(uri)
    return database.parent / "mlartifacts" if database is not None else None


def noted_place(artifacts: Path) -> str | None:
    """Where a store's artifacts lay when their absolute addresses were last written; None if nobody has noted it."""
    try:
        return place_note(artifacts).read_text(encoding="utf-8") or None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, UnicodeDecodeError):
        return None


def place_note(artifacts: Path) -> Path:
    """The file that says so."""
    return artifacts / ".location"


def local_path(location: str) -> Path | None:
    """The folder or file that an address of artifacts means on this disk; None for another kind of address."""
    parts = urlsplit(location)
    return Path(parts.path) if parts.scheme in ("", "file") else None


def without_login(uri: str) -> str:
    """The address as it may be shown: a name and a password in it are left out."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}" if parts.hostname else uri


def unreachable(uri: str, reason: object) -> str:
    return (
        f"{without_login(uri)}: the MLflow store does not answer ({reason}); start it, correct {VARIABLE}, "
        f"or unset {VARIABLE} to use the store in the checkout"
    )


def wants_token(uri: str) -> str:
    return f"{without_login(uri)}: the MLflow server wants a token; set CASEBOOK_TOKEN to its own"
