"""MLflow's client, with every failure to reach the store said in one message."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from requests.exceptions import RequestException
from sqlalchemy.exc import DatabaseError, OperationalError

from components.core.errors import CasebookError
from components.tracking.address import DAMAGE, database_file, unreachable, wants_token
from components.tracking.store import sqlite_problem


class Client(mlflow.MlflowClient):
    """MLflow's client, every failure of its methods to reach the store turned into one `CasebookError`."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        with plain_errors(uri):
            super().__init__(uri)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found
        return plain_errors(self._uri)(found)


@contextmanager
def plain_errors(uri: str) -> Iterator[None]:
    """Turn a store out of reach into one message; what a call did wrong passes as it is."""
    try:
        yield
    except RequestException as error:
        raise CasebookError(unreachable(uri, error)) from error
    except DatabaseError as error:  # as the store is opened
        if not _is_damage(error) and not isinstance(error, OperationalError):
            raise
        raise CasebookError(_problem(uri, error)) from error
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT):
            raise
        raise CasebookError(f"{error.filename}: MLflow's artifacts cannot be written ({error.strerror})") from error
    except MlflowException as error:
        if error.error_code == "UNAUTHENTICATED":
            raise CasebookError(wants_token(uri)) from error
        if not _out_of_reach(error):
            raise
        raise CasebookError(_problem(uri, error)) from error


def _problem(uri: str, error: Exception) -> str:
    database = database_file(uri)
    return sqlite_problem(database, error) if database is not None else unreachable(uri, str(error).splitlines()[0])


def _is_damage(error: BaseException) -> bool:
    return isinstance(error, DatabaseError) and any(words in str(error) for words in DAMAGE)


def _out_of_reach(error: MlflowException) -> bool:
    if error.error_code in ("TEMPORARILY_UNAVAILABLE", "PERMISSION_DENIED"):
        return True
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (OperationalError, RequestException)) or _is_damage(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return "out-of-date database schema" in str(error)
