"""A case with other values for some of its keys, and one of which only some blocks are given."""

from typing import Any

from pydantic import create_model

from components.core.blocks import Block, read_block
from components.core.errors import CasebookError
from components.core.params.case import CaseParams
from components.core.params.defaults import READ_BY_RECIPE
from components.core.params.dotted import place_of
from components.core.params.load import case_shape
from components.core.yaml_files import parse_yaml


def override(case: CaseParams, values: dict[str, Any]) -> CaseParams:
    """A copy of `case` with dotted paths such as `fit.lr` set to new values, checked again.

    Raises:
        CasebookError: a path names no key, or a value does not fit its key.
    """
    content = case.model_dump(mode="python", include=case.model_fields_set)
    for dotted, value in values.items():
        node, last = place_of(content, dotted)
        node[last] = value
    return read_given(content, "params.yaml with overrides")


def check_override(case: CaseParams, text: str) -> tuple[str, Any]:
    """The dotted key and the value of `key=value`, as a command line has it; the value is read as YAML.

    Raises:
        CasebookError: it is not of that form, names no key of the case, or the value does not fit its key.
    """
    dotted, equals, value = text.partition("=")
    dotted = dotted.strip()
    if not equals or not dotted:
        raise CasebookError(f"{text!r} is not of the form KEY=VALUE, such as fit.lr=0.003")
    read = parse_yaml(value, f"the value of {dotted}")
    given = override(case, {dotted: read})
    for name in READ_BY_RECIPE:
        if name in given.model_fields_set:
            read_block(
                case_shape(case.recipe, "params.yaml")[name], getattr(given, name), f"params.{name}", "params.yaml"
            )
    return dotted, read


def read_given(content: dict[str, Any], where: str) -> CaseParams:
    """A case of which only some blocks are given; to ask for another one is an AttributeError.

    Raises:
        CasebookError: a block is unknown, or a key of one is unknown, missing or of the wrong type.
    """
    fields = {name: (field.annotation, ...) for name, field in CaseParams.model_fields.items() if name in content}
    given = read_block(create_model("Given", __base__=Block, **fields), content, where)  # type: ignore[call-overload]
    return CaseParams.model_construct(**{name: getattr(given, name) for name in content})
