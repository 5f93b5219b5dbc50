"""Clauses that stand in several splits word for word."""

from collections.abc import Iterable

from components.core.job import TEST, TRAIN, VALIDATION

Placed = tuple[str, str]  # a split and a clause's text

# In which split a repeated clause stays, the first of these where it stands.
STAYS = {"from_train": (TEST, VALIDATION, TRAIN), "from_held_out": (TRAIN, VALIDATION, TEST)}


def held_out_texts(clauses: Iterable[Placed]) -> dict[str, set[str]]:
    """The splits of each text among the clauses of validation and test."""
    found: dict[str, set[str]] = {}
    for split, text in clauses:
        found.setdefault(text, set()).add(split)
    return found


def add_training(held_out: dict[str, set[str]], clauses: Iterable[Placed]) -> None:
    """Add training to those that are among its clauses, too, which are never held in memory themselves."""
    for split, text in clauses:
        if text in held_out:
            held_out[text].add(split)


def stays(split: str, splits: set[str], remove: str) -> bool:
    """Whether a clause of `split` that stands in all of `splits` is kept there under `remove_duplicates`."""
    return remove == "none" or split == next(name for name in STAYS[remove] if name in splits)
