"""Prefect's embedded database, looked at before Prefect opens it: of a damaged one it makes pages of SQL."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from components.core.errors import DamagedError

FILE = "prefect.db"
ELSEWHERE = ("PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL")


def check_embedded() -> None:
    """See that the database of `PREFECT_HOME` is whole, where it is the one in use.

    Raises:
        DamagedError: it is not.
    """
    path = Path(os.environ["PREFECT_HOME"]) / FILE
    if any(os.environ.get(name) for name in ELSEWHERE) or not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:  # locked, or not this user's: Prefect waits, or says so
        found = str(error) if "malformed" in str(error) else "ok"
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise DamagedError(
            path,
            found,
            "it has the history of flow runs and no result: move it away, and a new one is made; or bring it back by "
            "`casebook restore`",
        )
