"""Addresses and messages as they may be shown: without the name and the password that stand before a host."""

import re
from urllib.parse import unquote

# The part before the last @ of an address's host; a password may hold an @ of its own.
LOGIN = re.compile(r"(?<=://)[^\s/?#\"'<>]*@")
SHORT = 3  # characters: a piece that is shorter is no secret, and stands in every other word


def without_login(text: str) -> str:
    """A text in which no address names its user or a password."""
    return LOGIN.sub("", text)


def has_password(address: str) -> bool:
    """Whether an address names a password beside its user."""
    found = LOGIN.search(address)
    return found is not None and ":" in found[0]


def hidden(message: str, address: str) -> str:
    """What a library says of an address, without the address's password and the pieces into which it may have cut it.

    A password with a reserved character in it makes a wrong address, of which the message then shows a part.
    """
    scheme, _, rest = address.partition("://")
    login = rest.rpartition("@")[0]
    if login.startswith("/"):  # a file's path
        return message
    password = login.partition(":")[2]
    pieces = {login, password, unquote(password), *re.split(r"[@:/?#]", password)}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= SHORT and piece not in scheme:  # postgresql://postgres@host
            message = message.replace(piece, "***")
    return message
