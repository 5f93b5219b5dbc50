"""What of an address may be shown."""

import pytest

from components.core.passwords import has_password, hidden, without_login


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:secret@host/a", "https://host/a"),
        ("see https://ada:secret@host:8080/a and http://b@c.", "see https://host:8080/a and http://c."),
        ("https://ada:se@cret@host/a", "https://host/a"),
        ("https://token@host", "https://host"),
        ("https://host/a@b", "https://host/a@b"),
        ("https://host/?mail=a@b", "https://host/?mail=a@b"),
        ("mail ada@host", "mail ada@host"),
        ('{"base": "https://a:b@c", "to": "d@e"}', '{"base": "https://c", "to": "d@e"}'),
    ],
)
def test_an_address_is_shown_without_its_login(text: str, shown: str) -> None:
    assert without_login(text) == shown


def test_a_name_alone_is_no_password() -> None:
    assert has_password("https://ada:x@host")
    assert not has_password("https://ada@host")
    assert not has_password("https://host:80/a")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgresql://me:hid/den@host/name", 'invalid integer value "hid" for connection option "port"'),
        ("postgresql://me:p1@den@host/name", 'could not translate host name "den@host"'),
        ("postgresql://me:hid%20den@host/name", "password hid den is wrong"),
        ("postgresql://me:hidden@host/name", "cannot use postgresql://me:hidden@host/name"),
    ],
)
def test_the_pieces_of_a_password_are_hidden(address: str, message: str) -> None:
    assert "***" in hidden(message, address)
    assert "den" not in hidden(message, address)
    assert "hid" not in hidden(message, address)


def test_a_message_without_them_stays() -> None:
    assert hidden("no such table: rows", "sqlite:////srv/a@b/rows.db") == "no such table: rows"
    assert hidden("connection refused", "postgresql://host/name") == "connection refused"
