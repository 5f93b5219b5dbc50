"""What `casebook verify` says of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as it was at registration, and what to do about it."""

    what: str
    registered: str
    found: str
    remedy: str
