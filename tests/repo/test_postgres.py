"""The server that tests are given: it keeps what it has told to have written, also over a kill."""

import psycopg
import pytest

from tests.postgres import Postgres

pytestmark = pytest.mark.slow


def test_what_was_written_is_there_after_a_kill(postgres: Postgres, database: str) -> None:
    name = database.rsplit("/", 1)[1]
    postgres.execute("create table kept (value int)", name)
    postgres.execute("insert into kept values (3)", name)
    postgres.kill()
    with pytest.raises(psycopg.OperationalError):
        postgres.execute("select 1")
    postgres.start()
    assert postgres.execute("select value from kept", name) == [(3,)]
