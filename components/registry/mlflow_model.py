"""A registered bundle as MLflow serves it: `mlflow models serve` runs this file, nothing is unpickled."""

import importlib
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from components.core.bundle import read_bundle
from components.core.histories import HISTORIES
from components.core.job import BUNDLE


class ServedBundle(PythonModel):  # type: ignore[misc, unused-ignore]
    """Answers with the predictor that the bundle's manifest names."""

    predictor: Any  # of components.core.parts.Predictor

    def load_context(self, context: PythonModelContext) -> None:
        folder = Path(context.artifacts[BUNDLE])
        manifest = read_bundle(folder, threads=1).manifest  # checks every file; the predictor opens its own
        module = importlib.import_module(manifest.module)
        self.predictor = module.open_predictor(folder)
        if HISTORIES in context.artifacts:
            self.predictor.know(Path(context.artifacts[HISTORIES]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow tells signatures apart by this name
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Raw rows, as the source has them, to the case's answer columns, in the same order.

        `params` are those of the signature: what a request may ask for beside its rows.
        """
        answers: pd.DataFrame = self.predictor.predict(model_input, **(params or {}))
        return answers


set_model(ServedBundle())
