"""The metrics of answered text by name."""

from components.core.parts import Metric
from components.recipes.conversion.metrics.text import cer, char_accuracy, exact
from components.recipes.conversion.metrics.translation import bleu, chrf

LOWER_IS_BETTER = frozenset({"cer"})


def text_metrics() -> dict[str, Metric]:
    """Shares from 0 to 1, but `bleu` and `chrf` from 0 to 100, as the field states them."""
    return {"char_accuracy": char_accuracy, "exact": exact, "bleu": bleu, "chrf": chrf, "cer": cer}
