"""Reasons of an answer, as they are written."""

from typing import Any


def reason_text(feature: str, value: Any) -> str:
    """A feature and the row's value; None says that it is missing."""
    if value is None:
        return f"{feature} is missing"
    return f"{feature} = {value:g}" if isinstance(value, float) else f"{feature} = {value}"
