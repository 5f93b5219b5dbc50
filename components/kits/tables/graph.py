"""The network of a table as a graph, which answers a row the same whatever rows it is asked with."""

from functools import cached_property

import numpy as np

from components.core.bundle import Bundle
from components.kits.tables.encoding.encode import Encoded

STEP = 8  # rows of products that are smaller are rounded in another way, in the last bit of float32


class TableGraph:
    """Encoded rows (N) to what the graph `NAME.onnx` of a bundle gives as `output` (N, ...), in float64.

    A graph that mixes rows is run once a row. Any other is run once, on rows filled up to a multiple of `STEP`.
    """

    def __init__(self, bundle: Bundle, name: str, output: str) -> None:
        self.bundle, self.name, self.output = bundle, name, output

    def __call__(self, encoded: Encoded) -> np.ndarray:
        run, rows = self.bundle.session(self.name).run, len(encoded.numeric)
        given = {"numeric": encoded.numeric, "categorical": encoded.categorical}
        feed = {name: given[name] for name in self._inputs}
        answer: np.ndarray
        if rows and self._mixes_rows:
            alone = ({name: values[row : row + 1] for name, values in feed.items()} for row in range(rows))
            answer = np.concatenate([run([self.output], one)[0] for one in alone])
        else:
            answer = run([self.output], {name: _filled(values) for name, values in feed.items()})[0][:rows]
        return answer.astype(np.float64)

    @cached_property
    def _inputs(self) -> list[str]:
        """Those that the exported graph kept: one without categories has no such input."""
        return [put.name for put in self.bundle.session(self.name).get_inputs()]

    @cached_property
    def _mixes_rows(self) -> bool:
        return self.bundle.mixes_rows(self.name)


def _filled(values: np.ndarray) -> np.ndarray:
    """Rows (N, W), with the last one repeated up to a multiple of `STEP`."""
    return np.concatenate([values, values[-1:].repeat(-len(values) % STEP, axis=0)])
