"""Columns that would make a model look better than it is: identifiers, and the answer itself."""

import re

import numpy as np
import pandas as pd

from components.core.errors import CasebookError
from components.kits.tables.encoding.convert import as_floats
from components.kits.tables.encoding.spec import FeatureParams, TableParams

IDENTIFIER_WORDS = {"id", "ids", "uuid", "guid", "idx", "index", "rownum", "rownames", "serial", "ssn", "iban", "phone"}
IDENTIFIER_END = re.compile(
    "(row|record|case|user|member|customer|client|patient|account|order|loan|policy|contract|session|transaction)id$",
    re.IGNORECASE,
)
IDENTIFIER_SIGNS = re.compile("编号|序号|流水号|身份证|学号|工号|单号")
MOSTLY = 0.95  # share of distinct values above which a category names the row, not a class
FEW_ROWS = 20  # too few to tell an identifier from chance
FEW_OF_A_CLASS = 10  # with 10 of each, chance separates the classes once in C(20, 10) / 2 = 92,378 columns
FEW_CODES = 50  # numbers of so few kinds may be codes, which leak without being in order


def named_as_identifier(name: str) -> bool:
    """`customer_id`, `CustomerID`, `订单编号`; not `paid` or `width`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return (
        any(word.lower() in IDENTIFIER_WORDS for word in words)
        or IDENTIFIER_END.search(name) is not None
        or IDENTIFIER_SIGNS.search(name) is not None
    )


def identifier_reason(name: str, values: pd.Series, kind: str) -> str | None:
    """Why a typed column (N,), in the file's order, seems to name rows rather than describe them, or None."""
    values = values.dropna()
    distinct = values.nunique()
    if len(values) < FEW_ROWS or distinct <= MOSTLY * len(values):
        return None
    if kind == "categorical":
        return f"{distinct} of its {len(values)} values differ"
    if kind != "numeric" or distinct < len(values) or (values % 1 != 0).any():
        return None
    steps = np.diff(values.to_numpy())
    in_order = (steps > 0).all() or (steps < 0).all()
    if (steps == steps[0]).all() or (in_order and np.ptp(values) <= 2 * distinct):
        return f"it counts the rows ({values.iloc[0]:.0f}, {values.iloc[1]:.0f}, {values.iloc[2]:.0f}, ...)"
    return f"all its {distinct} values differ and its name is an identifier's" if named_as_identifier(name) else None


def check_identifiers(typed: pd.DataFrame, spec: FeatureParams) -> None:
    problems = []
    for name, column in spec.columns.items():
        reason = identifier_reason(name, typed[name], column.kind)
        if reason:
            problems.append(f"column {name} looks like an identifier: {reason}, such as {_example(typed[name])}")
    if problems:
        raise CasebookError(
            f"{spec.file}: {'; '.join(problems)}; move it from prepare.columns to prepare.key or prepare.ignore "
            "(or, if it is free text, give it kind: text)"
        )


def check_leaks(train: pd.DataFrame, target: np.ndarray, spec: TableParams) -> None:
    """No column of the typed training rows tells the target (N,) of 0 and 1 all by itself."""
    if min(target.sum(), len(target) - target.sum()) < FEW_OF_A_CLASS:
        return
    problems = []
    for name, column in spec.columns.items():
        auc = leak_auc(train[name], column.kind, target)
        if auc > spec.max_leak_auc:
            problems.append(f"column {name} alone reaches AUC {auc:.4f}")
    if problems:
        raise CasebookError(
            f"{spec.file}: {'; '.join(problems)} on the training rows (prepare.max_leak_auc is {spec.max_leak_auc:g}): "
            "it holds the answer, or was written after it; move it to prepare.ignore"
        )


def leak_auc(values: pd.Series, kind: str, target: np.ndarray) -> float:
    """The best AUC that a typed column (N,) reaches alone on `target` (N,) of 0 and 1.

    Numbers and dates are scored by their rank, with missing values at either end, and in either
    direction. Names, and numbers of few kinds, are scored by the share of positives that their
    class has in the other half of the rows, so that classes seen once tell nothing.
    """
    scores = []
    if kind not in ("categorical", "band", "text"):
        numbers = as_floats(values)
        scores = [rank_auc(np.where(np.isnan(numbers), end, numbers), target) for end in (-np.inf, np.inf)]
    if kind in ("categorical", "band", "text", "boolean") or values.nunique() <= FEW_CODES:
        scores.append(class_auc(pd.factorize(values, use_na_sentinel=False)[0], target))
    return max(max(score, 1 - score) for score in scores)


def class_auc(codes: np.ndarray, target: np.ndarray) -> float:
    """Mean AUC of two halves of the rows, each scored by the other's share of positives per code (N,)."""
    order = np.random.default_rng(0).permutation(len(codes))
    order = order[np.argsort(target[order], kind="stable")]  # both classes in both halves
    halves = order[::2], order[1::2]
    aucs = []
    for scored, known in (halves, halves[::-1]):
        count = np.bincount(codes[known], minlength=codes.max() + 1)
        positive = np.bincount(codes[known], weights=target[known], minlength=codes.max() + 1)
        mean = target[known].mean()
        aucs.append(rank_auc(((positive + mean) / (count + 1))[codes[scored]], target[scored]))
    return float(np.mean(aucs))


def rank_auc(score: np.ndarray, target: np.ndarray) -> float:
    """ROC-AUC of scores (N,), ties counted half (Mann-Whitney): quicker to import than scikit-learn."""
    ranks = pd.Series(score).rank().to_numpy()
    positives = int(target.sum())
    beaten = ranks[target == 1].sum() - positives * (positives + 1) / 2
    return float(beaten / (positives * (len(target) - positives)))


def _example(values: pd.Series) -> str:
    value = values.dropna().iloc[0]
    return f"{value:g}" if isinstance(value, float) else repr(str(value)[:60])
