"""A case's whole block: the defaults of its recipe, and what the case states instead.

Maps are merged key by key, lists and single values replaced. A map of another kind than the default's, such as
`split: {by: time, ...}`, replaces it whole. In a map whose names are the user's own, such as `search.space`, null takes
out the entry that the defaults have; in a block of fixed keys null is a value.
"""

import copy
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.core.errors import CasebookError, nearest_of
from components.core.recipe_names import FOLDER, recipe_module, recipes
from components.core.shapes import blocks_of, is_another_kind, is_open, known_keys, shape_below
from components.core.yaml_files import read_yaml

DEFAULTS = "defaults.yaml"  # in a recipe's folder
WITHOUT = ("recipe", "source", "start")  # the blocks of a case for which no recipe has a default
READ_BY_RECIPE = ("prepare", "model", "evaluate")

AnyMap = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """One value of a whole block, and where it comes from: `default`, or the name of a file."""

    key: str
    value: Any
    origin: str


def defaults_of(recipe: str, where: str = "params.yaml") -> dict[str, Any]:
    """What a case of the recipe need not state; nothing for a recipe without a file of defaults.

    Raises:
        CasebookError: there is no such recipe, or the file is no YAML or no map.
    """
    _check_known(recipe, where)
    path = FOLDER / recipe / DEFAULTS
    if not path.is_file():
        return {}
    content: dict[str, Any] = copy.deepcopy(_read(path, path.stat().st_mtime_ns))
    return content


@cache
def _read(path: Path, _modified: int) -> Any:
    content = read_yaml(path)
    if not isinstance(content, dict) or any(name in content for name in WITHOUT):
        raise CasebookError(f"{path}: defaults are a map of blocks, without {', '.join(WITHOUT)}")
    return content


def shapes_of(recipe: str, fields: AnyMap, where: str = "params.yaml") -> dict[str, Any]:
    """The shape of each block of a case: `fields`, those of every case, and what the recipe declares.

    Raises:
        CasebookError: there is no such recipe.
    """
    _check_known(recipe, where)
    declared = importlib.import_module(recipe_module(recipe)).RECIPE
    return {**fields, **{name: getattr(declared, name) for name in READ_BY_RECIPE}, "predict": declared.checks}


def _check_known(recipe: str, where: str) -> None:
    if recipe not in recipes():
        raise CasebookError(f"{where}: no recipe {recipe!r}{nearest_of(recipe, recipes())}")


def merge(default: AnyMap, stated: AnyMap, shape: Any) -> dict[str, Any]:
    """What holds where `stated` is written over `default`, in the order of the keys of the blocks of `shape`."""
    if is_another_kind(shape, default, stated):
        return dict(stated)
    whole = dict(default)
    for key, value in stated.items():
        if value is None and key in default and _takes_out(shape):
            del whole[key]
        elif isinstance(value, dict) and isinstance(default.get(key), dict):
            whole[key] = merge(default[key], value, shape_below(shape, key))
        else:
            whole[key] = value
    return _ordered(whole, shape)


def minimal(default: AnyMap, whole: AnyMap, shape: Any) -> dict[str, Any]:
    """What must be stated for `merge` to give `whole`."""
    if is_another_kind(shape, default, whole):
        return dict(whole)
    stated: dict[str, Any] = {}
    for key, value in whole.items():
        if key not in default:
            stated[key] = value
        elif isinstance(value, dict) and isinstance(default[key], dict):
            if below := minimal(default[key], value, shape_below(shape, key)):
                stated[key] = below
        elif not same(default[key], value):
            stated[key] = value
    out = [key for key in default if key not in whole] if _takes_out(shape) else []
    return {**stated, **dict.fromkeys(out)}


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, where 1 is 1.0 and True is neither."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def values_of(default: AnyMap, stated: AnyMap, whole: AnyMap, origin: str) -> Iterator[Value]:
    """Every value of a whole block by its dotted path, and whether the case states it."""
    for key, value in _flat(whole):
        node: Any = stated
        for part in key:
            node = node[part] if isinstance(node, dict) and part in node else _MISSING
        by_default = node is _MISSING and _has(default, key)
        yield Value(".".join(key), value, "default" if by_default else origin)


_MISSING = object()


def _has(node: Any, key: tuple[str, ...]) -> bool:
    for part in key:
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True


def _flat(node: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(node, dict) and (node or not above):
        for key, value in node.items():
            yield from _flat(value, (*above, str(key)))
    else:
        yield above, node


def _takes_out(shape: Any) -> bool:
    return is_open(shape) and not blocks_of(shape)


def _ordered(whole: dict[str, Any], shape: Any) -> dict[str, Any]:
    """Blocks in the order in which their keys are declared: where in a file one stands changes no file of values."""
    known = [key for key in known_keys(shape) if key in whole]
    return {key: whole[key] for key in [*known, *(key for key in whole if key not in known)]}
