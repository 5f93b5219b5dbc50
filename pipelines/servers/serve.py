"""One process of the servers: `python -m pipelines.servers.serve COMMAND…`, with what the command needs around it.

The Procfile, compose.yaml and the Kubernetes manifests all start the servers this way: settings come
from the environment, secrets are handed on in it and never stand on a command line, and a server's
stores are made before it starts. A worker waits until the server answers, `casebook serve` until there are champions.
"""

import hashlib
import logging
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from components.core.errors import BAD_INPUT, BAD_USAGE, CasebookError
from components.core.passwords import hidden
from components.core.private import private_file, private_folder
from pipelines.environment import MARK, USER, drop_temporary_word, prepare_environment
from pipelines.operating.store import check_embedded
from pipelines.servers.champions import champion_server, keep_up, serve_command
from pipelines.servers.names import mlflow_variables
from pipelines.servers.private import close_prefect
from pipelines.servers.settings import SCHEMAS, Settings, read_settings, tool_url
from pipelines.stages import set_up_logging

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds that a worker waits for the server
SQLITE_USERS = "basic_auth.db"
LOGIN = ["--app-name", "basic-auth"]  # no variable says it


def main(arguments: list[str] | None = None) -> int:
    """Become the command. Exit codes: 1 the environment is wrong, 2 it is no command of the servers."""
    command = sys.argv[1:] if arguments is None else arguments
    set_up_logging()
    around = AROUND.get(" ".join(command[:2]))
    if around is None:
        log.error("%s: not one of %s", " ".join(command) or "no command", ", ".join(AROUND))
        return BAD_USAGE
    if around is prefect_server and command[2:] != ["start"]:
        log.error("%s: write `prefect server start`; options are settings, PREFECT_SERVER_…", " ".join(command))
        return BAD_USAGE
    root = Path.cwd()
    prepare_environment(root)
    drop_temporary_word(os.environ)
    try:
        settings = read_settings()
        variables = around(settings, root)
    except CasebookError as error:
        log.error("%s: %s", " ".join(command[:2]), error)
        return BAD_INPUT
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ.update({"PATH": path, **variables})
    if around is prefect_server:
        command = [sys.executable, "-m", "pipelines.servers.guard", *command]
    elif around is mlflow_server and settings.token is not None:
        command = [*command, *LOGIN]
    elif around is champion_server:
        command = serve_command(settings, root)
        if MARK in os.environ:
            return keep_up(command)
    return os.execvp(command[0], command)  # noqa: S606 - becomes the server


def prefect_server(settings: Settings, root: Path) -> dict[str, str]:
    """What the Prefect server reads; it makes and migrates its tables itself."""
    page = f"http://{settings.host}:{settings.prefect_port}"
    variables = {
        "PREFECT_SERVER_API_HOST": settings.host,
        "PREFECT_SERVER_API_PORT": str(settings.prefect_port),
        # A page of another site, open in the browser of whoever works here, must not start flows.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": page,
        "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # The pages call the name under which they were loaded.
        "PREFECT_UI_API_URL": "/api",
    }
    if settings.token is not None:
        variables["PREFECT_SERVER_API_AUTH_STRING"] = f"{USER}:{settings.token}"
    if settings.database is not None:
        make_schema(settings.database, SCHEMAS["prefect"])
        variables["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = tool_url(settings.database, "prefect")
        variables["PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_SEARCH_PATH"] = SCHEMAS["prefect"]
    else:
        close_prefect(root)
        check_embedded()
    return variables


def mlflow_server(settings: Settings, root: Path) -> dict[str, str]:
    """What the MLflow server reads, its store made."""
    variables = {
        "MLFLOW_HOST": settings.host,
        "MLFLOW_PORT": str(settings.mlflow_port),
        # No jobs of MLflow's own: a busy machine starts several so slowly that they are killed for it.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        **mlflow_variables(settings.host, settings.mlflow_port, settings.names),
        **_mlflow_store(settings, root),
    }
    return variables | (_mlflow_login(settings.token, root) if settings.token is not None else {})


def _mlflow_store(settings: Settings, root: Path) -> dict[str, str]:
    """The database, and where artifacts lie: beside the embedded one, where commands without a server
    write, too; else wherever the server alone reaches, and clients send them to it.
    """
    from components.tracking.address import artifact_folder
    from components.tracking.store import open_store

    if settings.database is not None:
        make_schema(settings.database, SCHEMAS["mlflow"])
        found = {"MLFLOW_BACKEND_STORE_URI": tool_url(settings.database, "mlflow")}
    else:
        os.environ.pop("MLFLOW_TRACKING_URI", None)  # the address of the very server that starts here
        found = {"MLFLOW_BACKEND_STORE_URI": open_store(root)}
    if settings.s3 is not None:
        return {**found, "MLFLOW_ARTIFACTS_DESTINATION": f"{settings.s3}/mlflow"}
    if settings.exposed or settings.database is not None:
        return {**found, "MLFLOW_ARTIFACTS_DESTINATION": str(root / "mlartifacts")}
    return {**found, "MLFLOW_DEFAULT_ARTIFACT_ROOT": str(artifact_folder(found["MLFLOW_BACKEND_STORE_URI"]))}


def _mlflow_login(token: str, root: Path) -> dict[str, str]:
    """Basic authentication with one user, made anew at each start: a new token counts at once.

    Who wants users of their own writes MLflow's configuration and names it in MLFLOW_AUTH_CONFIG_PATH.
    """
    secrets = {
        "MLFLOW_AUTH_ADMIN_USERNAME": USER,
        "MLFLOW_AUTH_ADMIN_PASSWORD": token,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": hashlib.sha256(f"csrf {token}".encode()).hexdigest(),
    }
    if "MLFLOW_AUTH_CONFIG_PATH" in os.environ:
        return secrets
    folder = root / "state" / "servers"
    private_folder(folder, root)
    for path in folder.glob(f"{SQLITE_USERS}*"):
        path.unlink()
    private_file(folder / SQLITE_USERS, root)
    lines = ["[mlflow]", "default_permission = NO_PERMISSIONS", f"database_uri = sqlite:///{folder / SQLITE_USERS}"]
    (folder / "basic_auth.ini").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {**secrets, "MLFLOW_AUTH_CONFIG_PATH": str(folder / "basic_auth.ini")}


def prefect_worker(settings: Settings, root: Path) -> dict[str, str]:  # noqa: ARG001 - one of AROUND
    """The server's address, as soon as it answers there."""
    url = os.environ.get("PREFECT_API_URL") or settings.prefect_url
    deadline = time.monotonic() + PATIENCE
    while not answers(f"{url}/health"):
        if time.monotonic() > deadline:
            raise CasebookError(f"{url}: the Prefect server does not answer; start it, or correct PREFECT_API_URL")
        time.sleep(0.5)
    return {"PREFECT_API_URL": url}


def answers(address: str, within: float = 5.0) -> bool:
    """Whether anything answers there in good order."""
    try:
        urllib.request.urlopen(address, timeout=within).close()  # noqa: S310 - our own servers
    except (OSError, ValueError):
        return False
    return True


def make_schema(database: str, name: str) -> None:
    """Make a schema for a tool's tables, unless it is there.

    Raises:
        CasebookError: the database does not answer, or this user may not.
    """
    import psycopg
    from psycopg import sql

    address = database.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        reason = hidden(str(error).strip().splitlines()[0], database)
        raise CasebookError(f"CASEBOOK_DATABASE_URL: {reason}; start the database, or correct the address") from error


AROUND: dict[str, Callable[[Settings, Path], dict[str, str]]] = {
    "prefect server": prefect_server,
    "mlflow server": mlflow_server,
    "prefect worker": prefect_worker,
    "casebook serve": champion_server,
}

if __name__ == "__main__":
    sys.exit(main())
