"""JSON of requests, with each key once."""

import json
from collections.abc import Iterable
from typing import Any

import orjson

from components.serving.problems import LONGEST, Problem

NAN = b"NaN"
TEXTS = ("request_id",)  # keys of requests whose values are texts, such as 7


def parse_json(body: bytes, what: str = "body", *, nan: bool = False) -> Any:
    """What the body holds, or `what` it is; `nan`: the word NaN is taken for null, as MLflow's clients write it.

    Raises:
        Problem: 400, it is no JSON, or an object in it has a key twice: nobody knows which of the two is meant.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if nan and NAN in body:
            return _without_nan(body, what)
        raise Problem(400, f"the {what} is no JSON: {error}") from None
    if body.count(b":") != _keys(content):  # some stand in texts, or in keys that came twice
        _parsed_once(body, what)
    return content


def _keys(content: Any) -> int:
    """How many keys the objects have."""
    found, waiting = 0, [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            found += len(one)
            one = one.values()
        elif not isinstance(one, list):
            continue
        waiting += [part for part in one if isinstance(part, dict | list)]
    return found


def key_of_text(name: str, text: str) -> Any:
    """The value of a request's key that came as a text, in a query or a form: read as JSON, if it is any."""
    if name in TEXTS:
        return text
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def first_twice(names: Iterable[str]) -> str | None:
    """The first of the names that has stood there before, which may be an empty one."""
    seen = set[str]()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _without_nan(body: bytes, what: str) -> Any:
    """Read anew what Python's own reader lets pass and nobody can write: half of a pair of surrogates, 1e999."""
    try:
        return orjson.loads(json.dumps(_parsed_once(body, what)))
    except RecursionError:
        raise Problem(400, f"the {what} is nested too deeply") from None
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"the {what} is no JSON: {error}") from None


def _parsed_once(body: bytes, what: str) -> Any:
    """Slower, but it sees keys that come twice, and takes NaN for null."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = first_twice(name for name, _ in pairs) or ""
            raise Problem(400, f"the {what} has the key {twice[:LONGEST]!r} twice in one object; send it once")
        return found

    try:
        return json.loads(body, object_pairs_hook=once, parse_constant=_constant)
    except RecursionError:
        raise Problem(400, f"the {what} is nested too deeply") from None
    except ValueError as error:
        raise Problem(400, f"the {what} is no JSON: {error}") from None


def _constant(name: str) -> None:
    if name != NAN.decode():
        raise ValueError(f"{name} is no number")
