"""What every entry point sets before it imports a tool: no phone-home, state inside the checkout."""

import os
from pathlib import Path

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


def prepare_environment(root: Path = ROOT) -> None:
    """Set what is not set already; a person's own settings win."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PREFECT_HOME", str(root / ".prefect"))
    # Bytecode beside the sources would change the digest of a folder that DVC depends on.
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(root / ".venv" / "pycache"))
