"""What a client has done wrong, or the server cannot do now, in the one form that every answer of the kind has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_DETAILS = 20  # of one answer
LONGEST = 60  # characters of what was given that are repeated
LONGEST_NAME = 200  # characters of a column's name that are


@dataclass(frozen=True)
class Detail:
    """One thing that is wrong: where (`("rows", 3, "Age")`), what is wrong with it, and what was given there."""

    loc: tuple[str | int, ...]
    msg: str
    given: Any = None

    def to_json(self) -> dict[str, Any]:
        loc = [one if isinstance(one, int) else one[:LONGEST_NAME] for one in self.loc]
        return {"loc": loc, "msg": self.msg, "given": _shown(self.given)}


class Problem(Exception):  # noqa: N818 - not always an error: a server that is busy says so
    """An answer that is none: its status, in a sentence why, and at most `MOST_DETAILS` details."""

    def __init__(
        self, status: int, error: str, detail: Sequence[Detail] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.status, self.error, self.detail, self.headers = status, error, tuple(detail), dict(headers or {})

    def to_json(self) -> dict[str, Any]:
        return {"error": self.error, "detail": [one.to_json() for one in self.detail[:MOST_DETAILS]]}


def wrong_rows(details: Sequence[Detail]) -> Problem:
    """422: rows that the model does not take."""
    more = f"; the first {MOST_DETAILS} are told" if len(details) > MOST_DETAILS else ""
    return Problem(422, f"{len(details)} thing(s) in the rows that the model does not take{more}", details)


def _shown(given: Any) -> Any:
    """A value as it was given, if that is short: never a whole row back."""
    if given is None or isinstance(given, bool | int | float):
        return given
    if isinstance(given, Mapping):
        return "an object"
    if isinstance(given, list | tuple):
        return "an array"
    text = str(given)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
