"""`casebook params`: every value that holds for a case, and where it comes from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.params.defaults import Value, defaults_of, values_of
from components.core.params.dotted import place_of
from components.core.params.load import load_params
from components.core.params.overrides import read_given
from components.core.passwords import without_login
from components.core.yaml_files import read_yaml

FILE = "params.yaml"


def values(root: Path, case: str, given: Mapping[str, Any]) -> list[Value]:
    """The values of the whole block, in its order; `given` are dotted keys that are set besides.

    Raises:
        CasebookError: there is no such case or key, a value does not fit, or `params.yaml` is wrong.
    """
    whole = load_params(root / FILE).case(case).model_dump(mode="json")
    for dotted, value in given.items():
        node, last = place_of(whole, dotted)
        node[last] = value
    read_given(whole, f"{FILE} with -S")
    stated = read_yaml(root / FILE)["cases"][case]
    found = values_of(defaults_of(whole["recipe"]), stated, whole, FILE)
    return [
        Value(
            one.key,
            _shown(one.value),
            "-S" if any(f"{one.key}.".startswith(f"{key}.") for key in given) else one.origin,
        )
        for one in found
    ]


def _shown(value: Any) -> Any:
    """A value without the name and password that an address in it may have."""
    if isinstance(value, str):
        return without_login(value)
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value
