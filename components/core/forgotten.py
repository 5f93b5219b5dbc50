"""People who are to be forgotten, by digests of the keys of their rows: params say who without naming them."""

import hashlib
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

FORGOTTEN = "forgotten"  # below `prepare`, and among what `predict` is told
FIRST = "casebook"  # before the key: the digest of a bare number is in many tables
Forgotten = Annotated[tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...], Field(strict=False)]


def digest_of(values: Sequence[str]) -> str:
    """Of one key, a text for each of its columns. It hides the key from a reader, not from who tries every key."""
    return hashlib.sha256("\n".join([FIRST, *values]).encode()).hexdigest()
