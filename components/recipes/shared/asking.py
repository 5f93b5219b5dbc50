"""What Python has in hand (rows, lines of text, paths of images) through a predictor, to what a file of answers has.

Only who gives a frame needs pandas, or a predictor that answers frames alone.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from components.core.errors import CasebookError, nearest
from components.core.parts import Answering, Predictor
from components.kits.tables.encoding.cells import columns_of_frame, columns_of_rows

# What predictors take: the type of an item, and how a list of it is called.
TAKES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "rows": (Mapping, "a list of dicts, or a DataFrame"),
    "lines": (str, "a list of strings"),
    "images": ((str, Path), "a list of paths"),
}
ALONE = (str, bytes, Path, Mapping)  # one item, which is no list of them


def ask(predictor: Predictor | Answering, case: str, given: Any, options: Mapping[str, Any]) -> Any:
    """A frame for a frame, and a list of dicts for any other rows.

    Raises:
        CasebookError: the predictor takes no such rows, or no such option.
    """
    framed = hasattr(given, "columns") and hasattr(given, "iloc")
    _check_options(predictor, case, options)
    if not isinstance(predictor, Answering):
        return _by_frame(predictor, _checked(given, "rows", case, framed=framed), framed=framed)
    rows = _checked(given, predictor.TAKES, case, framed=framed)
    if predictor.TAKES == "rows":
        rows = columns_of_frame(rows, rows.columns) if framed else columns_of_rows(rows)
    answers = predictor.answers_to(rows, **options)
    return _frame(answers) if framed else _records(answers)


def _checked(given: Any, takes: str, case: str, *, framed: bool) -> Any:
    if framed and takes == "rows":
        return given
    kind, said = TAKES[takes]
    items = [given] if framed or isinstance(given, ALONE) else list(given)
    if wrong := [one for one in items if one is given or not isinstance(one, kind)]:
        raise CasebookError(f"{case}: predict takes {said}; this is a {type(wrong[0]).__name__}: {wrong[0]!r:.60}")
    return items


def _check_options(predictor: Any, case: str, options: Mapping[str, Any]) -> None:
    answers = getattr(predictor, "answers_to", None)
    taken = inspect.signature(answers).parameters.values() if answers is not None else ()
    known = [one.name for one in taken if one.kind is inspect.Parameter.KEYWORD_ONLY]
    if unknown := sorted(options.keys() - set(known)):
        there = ", ".join(known) or "no options of its own"
        raise CasebookError(
            f"{case}: predict does not take {', '.join(unknown)}; it takes {there}{nearest(unknown[0], known)}"
        )


def _by_frame(predictor: Any, rows: Any, *, framed: bool) -> Any:
    import pandas as pd

    from components.recipes.shared.stream import answer_batch

    frame = rows if framed else pd.DataFrame(rows)
    answers = answer_batch(predictor, frame, 0) if hasattr(predictor, "data") else predictor.predict(frame)
    return answers if framed else answers.to_dict("records")


def _records(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = [values.to_pylist() if isinstance(values, pa.Array) else _plain(values) for values in answers.values()]
    return [dict(zip(answers, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(values: Any) -> list[Any]:
    return list(values.tolist()) if isinstance(values, np.ndarray) else list(values)


def _frame(answers: Mapping[str, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(
        {name: values.to_pandas() if isinstance(values, pa.Array) else values for name, values in answers.items()}
    )
