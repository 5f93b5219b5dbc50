import pytest

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.recipes.detection.preparation.simulate.params import SimulateParams
from tests.components.recipes.detection.preparation.simulate.settings import block


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nuclei__diameter": [20.0, 10.0]}, "the larger one second"),
        ({"nuclei__diameter": [2.0, 10.0]}, "4 pixels"),
        ({"microscope__photons": [0.0, 10.0]}, "photons above 0"),
        ({"nuclei__coverage": [0.0, 0.1]}, "coverage"),
        ({"microscope__blurr": [0.0, 1.0]}, "unknown key"),
        ({"size": 8}, "greater than or equal to 32"),
    ],
)
def test_a_wrong_value_is_named(changes, said):
    with pytest.raises(CasebookError, match=said):
        read_block(SimulateParams, block(**changes), "prepare.simulate")
