"""What the types of blocks say of a place in `params.yaml`: the keys it knows, and whether any key may stand there.

A shape is the type of a place: a `Block`, a union of them, a map of names to something, or `Any`. A whole case is a
dictionary of the shapes of its blocks, since its recipe says what some of them are.
"""

import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel


def blocks_of(shape: Any) -> tuple[type[BaseModel], ...]:
    """The blocks that may stand at a place: one, or each member of a union."""
    if get_origin(shape) is Annotated:
        return blocks_of(get_args(shape)[0])
    if get_origin(shape) in (Union, types.UnionType):
        return tuple(block for member in get_args(shape) for block in blocks_of(member))
    return (shape,) if isinstance(shape, type) and issubclass(shape, BaseModel) else ()


def is_open(shape: Any) -> bool:
    """Whether the names of the entries are the user's own, as those of columns and of the search's dimensions are."""
    if get_origin(shape) is Annotated:
        return is_open(get_args(shape)[0])
    if get_origin(shape) in (Union, types.UnionType):
        return any(is_open(member) for member in get_args(shape))
    return shape is Any or get_origin(shape) in (dict, Mapping)


def shape_below(shape: Any, key: str) -> Any:
    """The shape of the place `key` in a place of this shape; `Any` where the types do not say."""
    if isinstance(shape, dict):
        return shape.get(key, Any)
    if get_origin(shape) is Annotated:
        return shape_below(get_args(shape)[0], key)
    if get_origin(shape) in (Union, types.UnionType):
        found = [shape_below(member, key) for member in get_args(shape)]
        return next((one for one in found if one is not Any), Any)
    if get_origin(shape) in (dict, Mapping):
        return get_args(shape)[1]
    if get_origin(shape) in (list, tuple):
        return get_args(shape)[0]
    if isinstance(shape, type) and issubclass(shape, BaseModel) and key in shape.model_fields:
        return shape.model_fields[key].annotation
    return Any


def known_keys(shape: Any, content: Any = None) -> tuple[str, ...]:
    """The keys of the blocks that may stand at a place, in the order of their declaration.

    Of a union, those of the kind that `content` says it is.
    """
    if isinstance(shape, dict):
        return tuple(shape)
    blocks = blocks_of(shape)
    given = content if isinstance(content, dict) else {}
    fitting = [block for block in blocks if not any(_denies(block, key, given[key]) for key in given)]
    return tuple(dict.fromkeys(key for block in fitting or blocks for key in block.model_fields))


def is_another_kind(shape: Any, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the two are of different members of a union, by the key that tells those apart, such as `kind`."""
    blocks = blocks_of(shape)
    return len(blocks) > 1 and any(
        key in one and key in other and one[key] != other[key]
        for key in known_keys(shape)
        if all(_is_literal(block, key) for block in blocks)
    )


def _denies(block: type[BaseModel], key: str, value: Any) -> bool:
    return _is_literal(block, key) and value not in get_args(block.model_fields[key].annotation)


def _is_literal(block: type[BaseModel], key: str) -> bool:
    return key in block.model_fields and get_origin(block.model_fields[key].annotation) is Literal
