"""Environment of every entry point, set before it imports a tool: no phone-home, state inside the checkout, servers."""

import hashlib
import json
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

QUIET = {
    "DO_NOT_TRACK": "true",  # mlflow ignores "1"
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Its first start makes a database: the default of 20 is too few on a busy machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "DVC_NO_ANALYTICS": "1",
    "LIGHTNING_DISABLE_VERSION_CHECK": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}

TOKEN = "CASEBOOK_TOKEN"  # noqa: S105 - a variable's name
USER = "casebook"  # the name beside the token, where a server asks for both
EXPERIMENT = "DVC_EXP_NAME"  # set by `dvc exp run` for its stages
AUTH = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")  # what a server asks for, and a client shows
TEMPORARY = "temporary:"  # begins a word that only a flow and the server that Prefect starts for it know
MARK = "CASEBOOK_UP"  # every process that `casebook up` started, and all that these start, carry it
ADDRESSES = {"PREFECT_API_URL", "MLFLOW_TRACKING_URI"}  # and these, but for MLflow's own server


def prepare_environment(root: Path = ROOT) -> None:
    """Set what is not set already; a person's own settings win."""
    for name, value in variables(root).items():
        os.environ.setdefault(name, value)
    # A profile in Prefect's folder may name a server, and what to show it.
    if "PREFECT_API_URL" not in os.environ and not (Path(os.environ["PREFECT_HOME"]) / "profiles.toml").exists():
        _close_temporary_server()


def variables(root: Path) -> dict[str, str]:
    checkout = home(root)
    own = {"PREFECT_HOME": str(checkout / ".prefect")}
    if checkout != root:
        own["MLFLOW_TRACKING_URI"] = f"sqlite:///{checkout / 'mlflow.db'}"
    return {**QUIET, **own, **credentials(), **addresses(checkout)}


def _close_temporary_server() -> None:
    """Have Prefect's temporary server ask for a word: it would answer any page, over the database of the others."""
    told = [os.environ.get(name) for name in AUTH]
    word = next(filter(None, told), None) or f"{TEMPORARY}{os.urandom(24).hex()}"
    for name in AUTH:
        os.environ.setdefault(name, word)


def drop_temporary_word(variables: MutableMapping[str, str]) -> None:
    """Take it out of what a server gets that stays."""
    for name in AUTH:
        if variables.get(name, "").startswith(TEMPORARY):
            del variables[name]


def home(root: Path) -> Path:
    """The checkout that an experiment in `root` belongs to: where its runs are logged, and downloads are kept.

    With `--temp` and `--queue` DVC runs an experiment in a folder that it removes afterwards, and tells the stages
    in DVC_ROOT which checkout asked for it.
    """
    checkout = os.environ.get("DVC_ROOT")
    return Path(checkout) if checkout and os.environ.get(EXPERIMENT) else root


def credentials() -> dict[str, str]:
    """What clients of the servers show them: `CASEBOOK_TOKEN` in the words of each tool."""
    if not (token := os.environ.get(TOKEN)):
        return {}
    return {
        "PREFECT_API_AUTH_STRING": f"{USER}:{token}",
        "MLFLOW_TRACKING_USERNAME": USER,
        "MLFLOW_TRACKING_PASSWORD": token,
    }


def addresses(root: Path) -> dict[str, str]:
    """Where the servers answer that `casebook up` started in `root`, while they are up; else nothing."""
    up = read_up(root)
    return dict(up["addresses"]) if up is not None and alive(up["mark"]) else {}


def up_file(root: Path) -> Path:
    return root / "state" / "servers" / "up.json"


def read_up(root: Path) -> dict[str, Any] | None:
    """Mark and addresses of what `casebook up` has started in `root`, by its file; None if there is none.

    Where the file is damaged the processes themselves say both.
    """
    try:
        up = json.loads(up_file(root).read_text(encoding="utf-8"))
        return {"mark": str(up["mark"]), "addresses": dict(up["addresses"])}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return find_up(root)


def find_up(root: Path) -> dict[str, Any] | None:
    """The same by the environment of the processes; None if none of them is there."""
    import psutil

    for process in psutil.process_iter():
        try:
            variables = process.environ()
            marked = process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid()
        except psutil.Error:  # another user's, or it has just ended
            continue
        if marked and variables.get(MARK, "").startswith(own_mark(root)) and variables.keys() >= ADDRESSES:
            return {"mark": variables[MARK], "addresses": {name: variables[name] for name in sorted(ADDRESSES)}}
    return None


def own_mark(root: Path) -> str:
    """What the marks of a checkout's processes begin with."""
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]


def alive(mark: str) -> list[int]:
    """The ids of the processes that carry the mark, this one left out."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            marked = process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:  # another user's, or it has just ended
            continue
        if marked and process.pid != os.getpid():
            found.append(process.pid)
    return found
