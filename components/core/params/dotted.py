"""Dotted paths such as `fit.lr`: the place of one in nested maps, and all that there are."""

from collections.abc import Iterator
from typing import Any

from components.core.errors import CasebookError, nearest


def place_of(content: dict[str, Any], dotted: str, where: str = "params.yaml") -> tuple[dict[str, Any], str]:
    """The map that holds a dotted path's last key, and that key. Keys of `search.space` and `smoke` have dots.

    Raises:
        CasebookError: there is no such key; the message has the nearest one.
    """
    node: Any = content
    rest = dotted
    while isinstance(node, dict):
        if rest in node:
            return node, rest
        key = next((key for key in node if rest.startswith(f"{key}.")), None)
        if key is None:
            break
        node, rest = node[key], rest.removeprefix(f"{key}.")
    known = [key for key, _ in flat(content)]
    raise CasebookError(f"{where}: {dotted!r} names no key of the case{nearest(dotted, [*known, *_maps(content)])}")


def names_key(content: dict[str, Any], dotted: str) -> bool:
    """Whether `place_of` finds the key."""
    try:
        place_of(content, dotted)
    except CasebookError:
        return False
    return True


def flat(node: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below a node by its dotted path; a map without entries is a value."""
    if isinstance(node, dict) and (node or not above):
        for key, value in node.items():
            yield from flat(value, f"{above}.{key}" if above else str(key))
    else:
        yield above, node


def _maps(node: Any, above: str = "") -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield f"{above}{key}"
            yield from _maps(value, f"{above}{key}.")
