"""The params of `medical_cells` as it is shipped, with what a test changes."""

from typing import Any

from components.core.params.load import load_params
from components.recipes.detection.preparation.simulate.params import SimulateParams
from tests.toy.jobs import CHECKOUT


def block(**changes: Any) -> dict[str, Any]:
    """`nuclei__diameter` sets a key of a block in the block."""
    content = load_params(CHECKOUT / "params.yaml").case("medical_cells").model_dump()["prepare"]["simulate"]
    for name, value in changes.items():
        *parents, last = name.split("__")
        node = content
        for parent in parents:
            node = node[parent]
        node[last] = value
    return dict(content)


def params(**changes: Any) -> SimulateParams:
    return SimulateParams.model_validate(block(**changes))
