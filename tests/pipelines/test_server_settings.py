"""What the servers are told, and by what they refuse to start."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from components.core.errors import CasebookError
from pipelines import environment
from pipelines.environment import addresses, credentials
from pipelines.servers import serve
from pipelines.servers.settings import Settings, read_settings, tool_url

TOKEN = "0123456789abcdef"  # noqa: S105
TEAM = "postgresql+psycopg://me:p%40ss@db.example:5433/team?sslmode=require"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PREFECT_PORT", "MLFLOW_PORT", "TOKEN", "DATABASE_URL", "S3_URL", "UP"):
        monkeypatch.delenv(f"CASEBOOK_{name}", raising=False)


def test_nothing_set_is_loopback_and_embedded() -> None:
    settings = read_settings()
    assert settings == Settings("127.0.0.1", 4200, 5000, None, None, None)
    assert not settings.exposed
    assert settings.addresses == {
        "PREFECT_API_URL": "http://127.0.0.1:4200/api",
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:5000",
    }


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "team.example"])  # noqa: S104
def test_other_machines_need_a_token(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_HOST", host)
    with pytest.raises(CasebookError, match=r"CASEBOOK_HOST=.*set CASEBOOK_TOKEN \(`openssl rand -hex 24`\)"):
        read_settings()
    monkeypatch.setenv("CASEBOOK_TOKEN", TOKEN)
    assert read_settings().exposed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_none(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_HOST", host)
    assert not read_settings().exposed


def test_clients_call_an_address_that_can_be_called() -> None:
    assert Settings("0.0.0.0", 1, 2, TOKEN, None, None).mlflow_url == "http://127.0.0.1:2"  # noqa: S104
    assert Settings("::1", 1, 2, None, None, None).prefect_url == "http://[::1]:1/api"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CASEBOOK_PREFECT_PORT", "http", "CASEBOOK_PREFECT_PORT=http: a port is a number"),
        ("CASEBOOK_MLFLOW_PORT", "70000", "CASEBOOK_MLFLOW_PORT=70000"),
        ("CASEBOOK_TOKEN", "short", "CASEBOOK_TOKEN: 5 characters; use at least 16"),
        ("CASEBOOK_DATABASE_URL", "mysql://h/x", "CASEBOOK_DATABASE_URL: write postgresql"),
        ("CASEBOOK_DATABASE_URL", "postgresql://h", "CASEBOOK_DATABASE_URL: .* the name is needed"),
        ("CASEBOOK_S3_URL", "https://bucket", "CASEBOOK_S3_URL=https://bucket: write s3://BUCKET"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CasebookError, match=message):
        read_settings()


def test_no_message_and_no_repr_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_TOKEN", TOKEN)
    monkeypatch.setenv("CASEBOOK_DATABASE_URL", "postgresql://me:hidden@host/name")
    assert TOKEN not in repr(read_settings())
    assert "hidden" not in repr(read_settings())
    with pytest.raises(CasebookError) as unreachable:
        serve.make_schema("postgresql+psycopg://me:hidden@127.0.0.1:1/name", "prefect")
    assert "hidden" not in str(unreachable.value)
    assert "start the database" in str(unreachable.value)


def test_each_tool_has_its_driver_and_its_schema() -> None:
    mlflow, prefect = tool_url(TEAM, "mlflow"), tool_url(TEAM, "prefect")
    assert prefect == "postgresql+asyncpg://me:p%40ss@db.example:5433/team?ssl=require"
    found = conninfo_to_dict(mlflow.replace("+psycopg", ""))
    assert found == {
        "user": "me",
        "password": "p@ss",
        "host": "db.example",
        "port": "5433",
        "dbname": "team",
        "sslmode": "require",
        "options": "-csearch_path=mlflow",
    }


def test_clients_show_the_token_in_each_tools_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials() == {}
    monkeypatch.setenv("CASEBOOK_TOKEN", TOKEN)
    assert credentials() == {
        "PREFECT_API_AUTH_STRING": f"casebook:{TOKEN}",
        "MLFLOW_TRACKING_USERNAME": "casebook",
        "MLFLOW_TRACKING_PASSWORD": TOKEN,
    }


def test_servers_that_are_gone_have_no_address(tmp_path: Path) -> None:
    assert addresses(tmp_path) == {}
    path = environment.up_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text('{"mark": "of-nobody", "addresses": {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}}')
    assert addresses(tmp_path) == {}


def test_only_the_servers_own_commands_are_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve.main(["rm", "-rf"]) == 2
    assert "rm -rf: not one of prefect server, mlflow server, prefect worker" in capsys.readouterr().err
