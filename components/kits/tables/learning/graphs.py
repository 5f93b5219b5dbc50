"""The network of a table as it is served: asked in torch, and exported.

The recipe gives the module that is served, `numeric (B, F), categorical (B, C) -> (B, ...)`: in it the network's
members have become one answer, as in `tabm.MeanProbability`.
"""

import numpy as np
import torch
from torch import Tensor, nn

from components.compression.export import export_onnx
from components.kits.tables.encoding.encode import Encoded, TableEncoder

OUTPUT = "score"


@torch.no_grad()
def network_answers(served: nn.Module, rows: Encoded) -> np.ndarray:
    """Encoded rows (N) to what is served `(N, ...)`."""
    answer: Tensor = served.eval()(torch.from_numpy(rows.numeric), torch.from_numpy(rows.categorical))
    return answer.numpy().astype(np.float64)


def network_graph(served: nn.Module, encoder: TableEncoder) -> bytes:
    """The ONNX graph `numeric, categorical -> score`."""
    example = {
        "numeric": torch.zeros(2, len(encoder.numeric_names)),
        "categorical": torch.zeros(2, len(encoder.categorical_names), dtype=torch.long),
    }
    return export_onnx(served, example, OUTPUT)
