"""The keys of a request beside its rows: which ones there are, and those that are true or false."""

from collections.abc import Container, Mapping
from typing import Any

from components.serving.problems import Detail, Problem


def known_keys(given: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """Those that say something: null is as if the key were not there.

    Raises:
        Problem: 422, one is unknown, whatever it says.
    """
    unknown = [Detail((name,), "is no key of a request", value) for name, value in given.items() if name not in known]
    if unknown:
        raise Problem(422, "keys that a request does not have", unknown)
    return {name: value for name, value in given.items() if value is not None}


def flag(name: str, value: Any) -> bool:
    """A key that is true or false.

    Raises:
        Problem: 422, it is neither.
    """
    if not isinstance(value, bool):
        raise Problem(422, f"{name} is neither true nor false", [Detail((name,), "send true or false", value)])
    return value
