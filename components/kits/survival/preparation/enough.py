"""Whether a cohort has events enough to learn from, before anything is trained."""

import logging
import math

import numpy as np

from components.core.errors import CasebookError
from components.kits.tables.encoding.encode import TableEncoder

log = logging.getLogger(__name__)

FEWEST = 20  # events
LEAST, ENOUGH = 2, 10  # events for each coefficient: fewer are refused, and told


def check_events(event: np.ndarray, column: str, place: str, fewest: int = FEWEST) -> None:
    """Of events (N,) of 0 and 1; `place` begins the message.

    Raises:
        CasebookError: all rows are censored, or fewer than the fewest have the event.
    """
    events, rows = int(event.sum()), len(event)
    if not events:
        raise CasebookError(
            f"{place}: column {column} (the event): all {rows} row(s) are censored; nothing can be learned without "
            "events: correct the column, or prepare.target.event, or say which value is the event with "
            "prepare.target.event_value"
        )
    if events < fewest:
        raise CasebookError(
            f"{place}: column {column} (the event): {events} of {rows} row(s) have the event, and a model needs "
            f"{fewest} at least: at this share {math.ceil(rows * fewest / events):,} rows would do, or a longer "
            "follow-up"
        )


def check_coefficients(event: np.ndarray, encoder: TableEncoder, place: str) -> None:
    """Refuse a model of so many coefficients that few events (N,) are left for each, and tell of one that has not many.

    Raises:
        CasebookError: there are fewer than two events for each.
    """
    events, coefficients = int(event.sum()), count_coefficients(encoder)
    each = events / coefficients
    if each < LEAST:
        raise CasebookError(
            f"{place}: {events} event(s) for {coefficients} coefficient(s), {each:.1f} for each: no model of these "
            f"columns can be trusted. {LEAST * coefficients} events would do, or at most {events // LEAST} "
            "coefficients (one for a number or a truth, one less than its classes for a category): move columns to "
            "prepare.ignore, or raise prepare.encode.min_count, below which classes are one"
        )
    if each < ENOUGH:
        log.warning(
            "%d events for %d coefficients, %.1f for each: with fewer than %d what is measured is uncertain and what "
            "is answered too extreme; %d events, or %d coefficients, would do",
            events,
            coefficients,
            each,
            ENOUGH,
            ENOUGH * coefficients,
            max(1, events // ENOUGH),
        )


def count_coefficients(encoder: TableEncoder) -> int:
    """One for each number, and for each class of a category but one."""
    return len(encoder.numeric) + sum(max(1, len(feature.classes) - 1) for feature in encoder.categorical)
