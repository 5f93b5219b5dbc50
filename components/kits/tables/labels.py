"""The two values of a target column."""

import difflib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from components.core.errors import CasebookError
from components.kits.tables.encoding.spec import TableParams
from components.kits.tables.encoding.text import as_label, as_text

DASHES = {"-", "none"}  # texts for "no value" that may as well name a class
SHOWN = 5
FEW = 0.05  # share of the rows that values beside the two commonest may have to be taken for no outcome


def read_target(frame: pd.DataFrame, spec: TableParams, file: Path) -> pd.Series:
    """The target as Int8 (N,): 1 for the positive label, 0 for the negative one, missing where nothing is known.

    Labels are compared without case and blanks. One of the `missing` texts may be a label.
    """
    target = spec.target
    given = Given.of(frame[target.column], {target.negative: 0, target.positive: 1}, (*spec.missing, *target.ignore))
    if given.unknown.any():
        raise CasebookError(
            f"{file}: column {target.column} (the target) has {given.unknown.sum()} value(s) that are neither "
            f"{target.positive!r} nor {target.negative!r}: {given.told()}; correct them, set prepare.target, add them "
            "to prepare.missing, or to prepare.target.ignore if their rows have no outcome"
        )
    return given.codes


@dataclass(frozen=True)
class Given:
    """Cells of labels (N,): how they are written, the `codes` Int8 of those that are known, and which are `unknown`."""

    forms: pd.Series
    codes: pd.Series
    unknown: pd.Series

    @classmethod
    def of(cls, cells: pd.Series, codes: Mapping[str, int], no_value: Sequence[str]) -> "Given":
        """Labels are compared without case and blanks; one of `no_value` may have a code all the same."""
        forms, words = _forms_and_words(cells)
        known = words.map({_word(label): code for label, code in codes.items()}).astype("Int8")
        nothing = [_word(value) for value in no_value if value.strip()]
        return cls(forms, known, known.isna() & words.notna() & ~words.isin(nothing))

    def told(self) -> str:
        """The unknown labels, and where the first stands."""
        first = int(self.unknown.to_numpy().argmax()) + 1
        return f"{listed(self.forms[self.unknown].value_counts())}, the first in row {first}"


def without_outcome(cells: pd.Series, ignore: Sequence[str]) -> int:
    """How many cells (N,) are one of `target.ignore`: their rows break no rule, and do not count as broken."""
    if not ignore:
        return 0
    return int(_forms_and_words(cells)[1].isin([_word(value) for value in ignore]).sum())


def find_labels(
    cells: pd.Series, positive: str | None, missing: tuple[str, ...], place: str, ignore: Sequence[str] = ()
) -> tuple[str, str]:
    """The positive and the negative label of a target column (N,), each as it is most often written.

    `positive` names the former; without it the rarer one is taken, and of equals the later in the
    alphabet: 1, true, yes. Values of `ignore` are none of them. `place` begins the message.

    Raises:
        CasebookError: there are not exactly two values, or `positive` or one of `ignore` is none of the column's.
    """
    forms, words = _forms_and_words(cells)
    counts = words.value_counts()
    if absent := [value for value in ignore if _word(value) not in counts.index]:
        raise CasebookError(f"{place} has no value {absent[0]!r} to ignore, only {listed(counts)}")
    counts = counts[~counts.index.isin([_word(value) for value in ignore])]
    known = counts[~counts.index.isin([token.lower() for token in missing])]
    if len(known) == 1 and len(counts) == 2 and DASHES.intersection(counts.index):
        known = counts
    if len(known) != 2:
        raise CasebookError(
            f"{place} has {len(known)} different value(s), and a yes-or-no case needs exactly two: "
            f"{listed(known) or 'every cell is empty'}; {_remedy(known)}choose another column, or rewrite its values"
        )
    written = {word: str(forms[words == word].value_counts().index[0]) for word in sorted(known.index)}
    chosen = min(reversed(written), key=lambda word: known[word]) if positive is None else _word(positive)
    if chosen not in written:
        raise CasebookError(f"{place} has no value {positive!r}, only {' and '.join(map(repr, written.values()))}")
    (other,) = set(written) - {chosen}
    return written[chosen], written[other]


def find_values(cells: pd.Series, missing: Sequence[str], place: str, ignore: Sequence[str] = ()) -> dict[str, int]:
    """How many cells (N,) have each value of a target column, by how it is most often written; neither those of
    `missing` nor of `ignore`. `place` begins the message.

    Raises:
        CasebookError: one of `ignore` is no value of the column.
    """
    forms, words = _forms_and_words(cells)
    if absent := [value for value in ignore if _word(value) not in set(words.dropna())]:
        raise CasebookError(f"{place} has no value {absent[0]!r} to ignore, only {listed(words.value_counts())}")
    none = {token.strip().lower() for token in missing} | {_word(value) for value in ignore}
    known = pd.DataFrame({"form": forms, "word": words})[words.notna() & ~words.isin(none)]
    counts = known.value_counts(["word", "form"]).rename("count").reset_index()
    commonest = counts.drop_duplicates("word").set_index("word")["form"]
    sums = counts.groupby("word")["count"].sum()
    return {str(commonest[word]): int(count) for word, count in sums.items()}  # type: ignore[call-overload]


def _remedy(counts: pd.Series) -> str:
    """The option that leaves out the rows of further values, where those are few."""
    further = few_beside_two(counts)
    if not len(further):
        return ""
    return f"{options_to_ignore(further.index)} leaves those {further.sum()} row(s) out if they have no outcome; or "


def few_beside_two(counts: pd.Series) -> pd.Series:
    """The counts of the values beside the two commonest, where they are few and of few rows."""
    further = counts.sort_values(ascending=False, kind="stable")[2:]
    return further if len(further) <= SHOWN and further.sum() <= FEW * counts.sum() else further[:0]


def options_to_ignore(values: Iterable[str]) -> str:
    return " ".join(f"--ignore-target {shlex.quote(str(value))}" for value in values)


def column_of(frame: pd.DataFrame, target: str, file: Path) -> pd.Series:
    if target in frame.columns:
        return frame[target]
    close = difflib.get_close_matches(target, list(frame.columns), n=3, cutoff=0.5) or list(frame.columns)[:20]
    raise CasebookError(f"{file}: no column {target!r}; there are: {', '.join(close)}")


def share_labelled(cells: pd.Series, labels: tuple[str, ...]) -> float:
    return float(_forms_and_words(cells)[1].isin([_word(label) for label in labels]).mean())


def _forms_and_words(cells: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Labels (N,) as they are written, and as they are compared."""
    label = as_label(as_text(cells, ()))
    return pd.Series(label.to_pandas(), dtype="str"), pd.Series(pc.utf8_lower(label).to_pandas(), dtype="str")


def _word(label: str) -> str:
    return str(_forms_and_words(pd.Series([label]))[1].iloc[0])


def listed(counts: pd.Series) -> str:
    """The commonest values; of equals the first in the alphabet."""
    shown = counts.sort_index().sort_values(ascending=False, kind="stable")
    more = ", ..." if len(shown) > SHOWN else ""
    return ", ".join(f"{str(value)[:60]!r} ({count})" for value, count in shown.head(SHOWN).items()) + more
