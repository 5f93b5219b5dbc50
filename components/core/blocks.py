"""Blocks that all of `params.yaml` is made of: frozen and strict, with a message for one that is wrong."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.core.errors import CasebookError, nearest
from components.core.passwords import without_login
from components.core.shapes import known_keys, shape_below


class Block(BaseModel):
    """A part of `params.yaml`. Immutable; a key it does not declare is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


AnyBlock = TypeVar("AnyBlock", bound=Block)
Names = Annotated[tuple[str, ...], Field(strict=False)]


def read_block(block: type[AnyBlock], content: Any, where: str, file: str | None = None) -> AnyBlock:
    """Check `content` against `block`; the message shows `where`, its dotted place, and the `file` to edit.

    Raises:
        CasebookError: a key is unknown, missing or of the wrong type; each is named.
    """
    try:
        return block.model_validate(content)
    except ValidationError as error:
        # pydantic calls a list too short, too, when its only item is wrong.
        details = [detail for detail in error.errors() if detail["type"] != "too_short" or not detail["input"]]
        problems = "\n".join(f"  {_problem(block, where, content, detail)}" for detail in details)
        raise CasebookError(f"{file or where}: {len(details)} key(s) are wrong; edit them:\n{problems}") from None


def _problem(block: type[Block], where: str, content: Any, detail: Any) -> str:
    keys = _keys(content, detail["loc"])
    dotted = ".".join([where.removesuffix(".yaml"), *keys])
    if detail["type"] == "extra_forbidden":
        return f"{dotted}: unknown key{_meant(block, content, keys)}"
    if detail["type"] == "missing":
        return f"{dotted}: missing"
    shown = without_login(repr(detail["input"]))
    if keys[-1:] == ["variable"] and "://" in shown:
        return f"{dotted}: write the name of the environment's variable that holds this address, not the address"
    return f"{dotted}: {detail['msg']}, not {shown[:80]} ({type(detail['input']).__name__})"


def _meant(shape: Any, content: Any, keys: list[str]) -> str:
    *parents, last = keys
    for key in parents:
        shape = shape_below(shape, key)
        content = content[int(key)] if isinstance(content, list | tuple) else content[key]
    return nearest(last, known_keys(shape, content))


def _keys(content: Any, loc: tuple[int | str, ...]) -> list[str]:
    """The keys on the way to `loc`, without pydantic's names for the kinds of a union: no keys of the file."""
    keys = []
    for part in loc:
        if isinstance(content, dict) and part not in content and part != loc[-1]:
            continue
        if not isinstance(content, dict | list | tuple):
            break
        keys.append(str(part))
        content = dict(enumerate(content) if not isinstance(content, dict) else content).get(part)
    return keys
