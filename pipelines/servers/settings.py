"""Settings of the servers: addresses, stores and what protects them, all from the environment."""

import ipaddress
import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from components.core.errors import CasebookError
from pipelines.environment import TOKEN
from pipelines.servers.names import ALLOWED, EVERYWHERE, Name, stated

DATABASE, S3 = "CASEBOOK_DATABASE_URL", "CASEBOOK_S3_URL"
HOST, PREFECT_PORT, MLFLOW_PORT = "CASEBOOK_HOST", "CASEBOOK_PREFECT_PORT", "CASEBOOK_MLFLOW_PORT"
LOOPBACK = "127.0.0.1"
SHORTEST_TOKEN = 16  # MLflow itself wants twelve characters
# Optuna's tables stand in the database's own default schema. All three tools call a table alembic_version.
SCHEMAS = {"prefect": "prefect", "mlflow": "mlflow"}


@dataclass(frozen=True)
class Settings:
    """One host and two ports; `repr` shows no secret."""

    host: str
    prefect_port: int
    mlflow_port: int
    token: str | None = field(repr=False)
    database: str | None = field(repr=False)
    s3: str | None
    names: tuple[Name, ...] = ()  # further ones that they answer to

    @property
    def exposed(self) -> bool:
        """Whether other machines can reach the servers."""
        return not is_loopback(self.host)

    @property
    def prefect_url(self) -> str:
        """Of the API, as clients on this machine use it."""
        return f"{self.url(self.prefect_port)}/api"

    @property
    def mlflow_url(self) -> str:
        return self.url(self.mlflow_port)

    @property
    def addresses(self) -> dict[str, str]:
        """What clients must have in their environment."""
        return {"PREFECT_API_URL": self.prefect_url, "MLFLOW_TRACKING_URI": self.mlflow_url}

    def url(self, port: int) -> str:
        """Of what listens there: the address of a server that listens on all of them is none that can be called."""
        host = LOOPBACK if self.host in EVERYWHERE else self.host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def read_settings() -> Settings:
    """The settings of the environment, checked; errors as of `settings_for`."""
    return settings_for(os.environ.get(HOST) or LOOPBACK)


def settings_for(host: str) -> Settings:
    """The settings of the environment for servers that listen on `host`, checked.

    Raises:
        CasebookError: a port is no number, the database is not PostgreSQL, the bucket not S3's, the
            token too short, a further name none, or other machines could reach servers that ask for none.
    """
    settings = Settings(
        host=host,
        prefect_port=_port(PREFECT_PORT, 4200),
        mlflow_port=_port(MLFLOW_PORT, 5000),
        token=os.environ.get(TOKEN) or None,
        database=os.environ.get(DATABASE) or None,
        s3=(os.environ.get(S3) or "").rstrip("/") or None,
        names=stated(os.environ.get(ALLOWED) or ""),
    )
    if settings.token is not None and len(settings.token) < SHORTEST_TOKEN:
        raise CasebookError(
            f"{TOKEN}: {len(settings.token)} characters; use at least {SHORTEST_TOKEN}, such as `openssl rand -hex 24`"
        )
    if settings.exposed and settings.token is None:
        raise CasebookError(
            f"{HOST}={settings.host}: other machines could reach the servers, and whoever does can run code on this "
            f"one; set {TOKEN} (`openssl rand -hex 24`), or leave {HOST} unset"
        )
    if settings.database is not None:
        tool_url(settings.database, "mlflow")
    if settings.s3 is not None and not settings.s3.startswith("s3://"):
        raise CasebookError(f"{S3}={settings.s3}: write s3://BUCKET or s3://BUCKET/FOLDER")
    return settings


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tool_url(database: str, tool: str) -> str:
    """The address of a tool's tables in the team's database, with the driver that the tool works with.

    MLflow's names its schema; Prefect's is a setting beside it.

    Raises:
        CasebookError: the address is not one of PostgreSQL.
    """
    parts = urlsplit(database)
    if parts.scheme.split("+")[0] not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise CasebookError(f"{DATABASE}: write postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME; the name is needed")
    query = dict(parse_qsl(parts.query))
    if tool == "prefect":
        # asyncpg calls libpq's option `ssl`.
        query = {("ssl" if name == "sslmode" else name): value for name, value in query.items()}
        return urlunsplit(parts._replace(scheme="postgresql+asyncpg", query=urlencode(query, quote_via=quote)))
    query["options"] = f"-csearch_path={SCHEMAS[tool]}"
    return urlunsplit(parts._replace(scheme="postgresql+psycopg", query=urlencode(query, quote_via=quote)))


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CasebookError(f"{name}={text}: a port is a number from 1 to 65535")
    return int(text)
