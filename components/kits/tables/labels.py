"""The two values of a target column."""

import difflib
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from components.core.errors import CasebookError
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.encoding.text import as_label, as_text

DASHES = {"-", "none"}  # texts for "no value" that may as well name a class
SHOWN = 5


def read_target(frame: pd.DataFrame, spec: TableParams, file: Path) -> pd.Series:
    """The target as Int8 (N,): 1 for the positive label, 0 for the negative one, missing where nothing is known.

    Labels are compared without case and blanks. One of the `missing` texts may be a label.
    """
    target = spec.target
    forms, words = _forms_and_words(frame[target.column])
    codes = words.map({_word(target.negative): 0, _word(target.positive): 1}).astype("Int8")
    unknown = codes.isna() & words.notna() & ~words.isin([token.strip().lower() for token in spec.missing])
    if unknown.any():
        first = int(unknown.to_numpy().argmax()) + 1
        raise CasebookError(
            f"{file}: column {target.column} (the target) has {unknown.sum()} value(s) that are neither "
            f"{target.positive!r} nor {target.negative!r}: {_listed(forms[unknown].value_counts())}, the first in row "
            f"{first}; correct them, set prepare.target, or add them to prepare.missing"
        )
    return codes


def find_labels(cells: pd.Series, positive: str | None, missing: tuple[str, ...], place: str) -> tuple[str, str]:
    """The positive and the negative label of a target column (N,), each as it is most often written.

    `positive` names the former; without it the rarer one is taken, and of equals the later in the
    alphabet: 1, true, yes. `place` begins the message.

    Raises:
        CasebookError: there are not exactly two values, or `positive` is none of them.
    """
    forms, words = _forms_and_words(cells)
    counts = words.value_counts()
    known = counts[~counts.index.isin([token.lower() for token in missing])]
    if len(known) == 1 and len(counts) == 2 and DASHES.intersection(counts.index):
        known = counts
    if len(known) != 2:
        raise CasebookError(
            f"{place} has {len(known)} different value(s), and a yes-or-no case needs exactly two: "
            f"{_listed(known) or 'every cell is empty'}; choose another column, or rewrite its values"
        )
    written = {word: str(forms[words == word].value_counts().index[0]) for word in sorted(known.index)}
    chosen = min(reversed(written), key=lambda word: known[word]) if positive is None else _word(positive)
    if chosen not in written:
        raise CasebookError(f"{place} has no value {positive!r}, only {' and '.join(map(repr, written.values()))}")
    (other,) = set(written) - {chosen}
    return written[chosen], written[other]


def column_of(frame: pd.DataFrame, target: str, file: Path) -> pd.Series:
    if target in frame.columns:
        return frame[target]
    close = difflib.get_close_matches(target, list(frame.columns), n=3, cutoff=0.5) or list(frame.columns)[:20]
    raise CasebookError(f"{file}: no column {target!r}; there are: {', '.join(close)}")


def share_labelled(cells: pd.Series, labels: tuple[str, str]) -> float:
    return float(_forms_and_words(cells)[1].isin([_word(label) for label in labels]).mean())


def _forms_and_words(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Labels (N,) as they are written, and as they are compared."""
    label = as_label(as_text(cells, ()))
    return pd.Series(label.to_pandas(), dtype="str"), pd.Series(pc.utf8_lower(label).to_pandas(), dtype="str")


def _word(label: str) -> str:
    return str(_forms_and_words(pd.Series([label]))[1].iloc[0])


def _listed(counts: pd.Series) -> str:
    """The commonest values; of equals the first in the alphabet."""
    shown = counts.sort_index().sort_values(ascending=False, kind="stable")
    more = ", ..." if len(shown) > SHOWN else ""
    return ", ".join(f"{str(value)[:60]!r} ({count})" for value, count in shown.head(SHOWN).items()) + more
