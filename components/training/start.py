"""Weights that a network takes over from the bundle of another case."""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from components.core.bundle import GRAPH, Bundle
from components.core.errors import CasebookError
from components.core.results import LEARNER


def take_weights(network: nn.Module, bundle: Bundle, case: str, graph: str = LEARNER) -> list[str]:
    """Set those of the network's weights whose name and shape the graph has too, and return their names.

    Buffers, such as means of the training rows, stay the network's own; so does a last layer of another size.

    Raises:
        CasebookError: the graph has none of the weights, so that nothing would be taken over.
    """
    model = onnx.load(bundle.path(f"{graph}{GRAPH}"), load_external_data=False)
    found = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    taken = []
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name in found and found[name].shape == tuple(weight.shape):
                weight.copy_(torch.from_numpy(np.array(found[name], dtype=np.float32)))
                taken.append(name)
    if not taken:
        shapes = {name: tuple(weight.shape) for name, weight in network.named_parameters()}
        raise CasebookError(
            f"params.cases.{case}.start: the graph {graph}{GRAPH} of {bundle.manifest.case} has none of the "
            f"{len(shapes)} weight(s) of this network by name and shape, such as {next(iter(shapes.items()))}; start "
            "from a case of the same network whose bundle is not in int8, or from none"
        )
    return taken
