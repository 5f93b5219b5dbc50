"""What several rows belong to (a person, a shop), as a guess that must earn itself: then they stay in one split."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from components.kits.tables.encoding.convert import as_floats, convert
from components.kits.tables.encoding.spec import Column
from components.kits.tables.encoding.text import as_label, as_text
from components.kits.tables.suspects import named_as_identifier

log = logging.getLogger(__name__)

PLACEHOLDER = re.compile(
    r"(unnamed[:_ ]*\d*|column_?\d*|v1|x1?|\.{3}1|#|index|idx|level_0|row|rows|nr|no|obs|serial|序号|行号"
    r"|row[_ .]*(names?|nums?|numbers?|ids?|nr|no))?",
    re.IGNORECASE,
)
WHO = {
    *("account", "animal", "applicant", "borrower", "card", "child", "client", "cust", "customer", "device", "donor"),
    *("driver", "employee", "family", "household", "machine", "member", "mother", "participant", "pat", "patient"),
    *("person", "policy", "policyholder", "pupil", "student", "subj", "subject", "twin", "user", "vehicle"),
}
WHO_SIGNS = re.compile("(客户|患者|病人|用户|会员|学生)(编?号|ID|id)|学号|工号|身份证")
CLINICAL = re.compile(
    "(mrn|medical_record|nhs|hospital|chart|case_?record|fallnr|u?subj|pt|patienten)_?(id|no|nr|num|number|nummer)|mrn|"
    "(病历|住院|门诊|就诊)号",
    re.IGNORECASE,
)
ID_WORDS = {"id", "ids", "no", "nr", "num", "number", "key", "uuid", "guid", "ref"}
WHO_ID = re.compile(rf"({'|'.join(sorted(WHO))})s?_?({'|'.join(sorted(ID_WORDS))})", re.IGNORECASE)

FEWEST = 30  # groups: fewer cannot be dealt to three splits with like shares
LARGEST = 0.05  # share of the rows that one group may have
MOST_PAIRS = 5_000
FEWEST_PAIRS = 10
ALIKE = 4.0  # standard errors that rows of a group must be more alike than others are
COUNTING = 0.9  # share of steps of one


@dataclass(frozen=True)
class Entity:
    """A column whose values name what rows belong to, and why that is believed."""

    name: str
    groups: int
    because: str


def is_row_number(name: str, cells: pd.Series) -> bool:
    """The name is a row number's, or no name at all, and the values count, perhaps anew in each of several parts."""
    if not PLACEHOLDER.fullmatch(name.strip()):
        return False
    return counts_rows(cells)


def counts_rows(cells: pd.Series) -> bool:
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if len(numbers) < FEWEST or not (numbers % 1 == 0).all():
        return False
    return bool(np.mean(np.diff(numbers) == 1) >= COUNTING)


def find_entity(frame: pd.DataFrame, columns: Mapping[str, dict[str, Any]], target: str) -> Entity | None:
    """The column by which rows belong together, if one earns it.

    A column is asked when its name is an identifier's or a person's, and its values repeat, in `FEWEST` groups or more,
    none with more than a twentieth of the rows. It earns it by a name that says whose identifier it is
    (`customer_id`), or by rows that are more alike inside a group than across groups: nearer in the file and in
    `columns` (guessed, by name), more often equal in `target`. Row numbers are asked nothing. Of several the first
    counts, or one whose groups are made of whole groups of it.
    """
    typed = {name: column for name, column in columns.items() if name in frame}
    chosen: Entity | None = None
    codes: np.ndarray | None = None
    for name in frame.columns:
        if name == target or not (_named_for_whom(name) or named_as_identifier(name)):
            continue
        found = pd.factorize(_labels(frame[name]))[0]
        because = _earned(name, found, frame, typed, target)
        if because is None:
            continue
        if codes is None or _made_of(found, codes):
            chosen, codes = Entity(name, int(found.max()) + 1, because), found
        else:
            log.info("rows that share a value of %s may belong together, too; --group takes it instead", name)
    return chosen


def _earned(
    name: str, groups: np.ndarray, frame: pd.DataFrame, columns: Mapping[str, dict[str, Any]], target: str
) -> str | None:
    sizes = np.bincount(groups[groups >= 0]) if (groups >= 0).any() else np.zeros(1, dtype=int)
    if PLACEHOLDER.fullmatch(name.strip()) or not FEWEST <= len(sizes) < sizes.sum():
        return None
    if sizes.max() > max(2, LARGEST * len(frame)):
        return None
    counting = counts_rows(frame[name])
    if _says_whose(name) and not counting:
        return "by its name"
    others = {other: column for other, column in columns.items() if other != name}
    more = likeness(frame, groups, others, target, neighbours=counting)
    return f"its rows are alike ({more:.0f} standard errors more than others)" if more >= ALIKE else None


def likeness(
    frame: pd.DataFrame, groups: np.ndarray, columns: Mapping[str, dict[str, Any]], target: str, *, neighbours: bool
) -> float:
    """By how many standard errors two rows of a group are more alike than two of different ones.

    Of numbers and dates the distance of their ranks counts, of classes and the target whether they are equal, and the
    distance in the file. Where the groups are numbers that count, the row after the partner stands for the
    others (`neighbours`): in parts that are each in order the same number is alike by its place.
    """
    random = np.random.default_rng(0)
    order = random.permutation(len(groups))  # any two of a group, not neighbours of it in the file
    order = order[np.argsort(groups[order], kind="stable")]
    same = np.flatnonzero((groups[order][:-1] == groups[order][1:]) & (groups[order][:-1] >= 0))
    same = np.sort(random.permutation(same)[:MOST_PAIRS])
    if len(same) < FEWEST_PAIRS:
        return 0.0
    left, right = order[same], order[same + 1]
    other = (right + 1) % len(groups) if neighbours else random.permutation(right)
    strangers = groups[other] != groups[left]
    left, right, other = left[strangers], right[strangers], other[strangers]
    if len(left) < FEWEST_PAIRS:
        return 0.0
    rows, places = np.unique(np.concatenate([left, right, other]), return_inverse=True)
    own, partner, stranger = np.split(places, 3)
    gained = [
        _closeness(values, ranked, own, partner) - _closeness(values, ranked, own, stranger)
        for values, ranked in _comparable(frame.iloc[rows].reset_index(drop=True), rows, columns, target)
    ]
    more = np.mean(gained, axis=0)
    error = more.std() / np.sqrt(len(more))
    return float(more.mean() / error) if error > 0 else (np.inf if more.mean() > 0 else 0.0)


def _comparable(
    frame: pd.DataFrame, rows: np.ndarray, columns: Mapping[str, dict[str, Any]], target: str
) -> Iterator[tuple[np.ndarray, bool]]:
    """Numbers (N,) of each column, and whether they are ranks from 0 to 1."""
    yield rows / max(rows.max(), 1), True
    yield pd.factorize(_labels(frame[target]))[0], False
    specs = {name: TypeAdapter[Column](Column).validate_python(column) for name, column in columns.items()}
    typed = convert(frame, specs, ()).frame
    for name, spec in specs.items():
        if spec.kind in ("numeric", "amount", "date"):
            ranks = pd.Series(as_floats(typed[name])).rank(pct=True)
            yield ranks.fillna(0.5).to_numpy(), True
        else:
            yield pd.factorize(typed[name])[0], False


def _closeness(values: np.ndarray, ranked: bool, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if ranked:
        return 1 - np.abs(values[one] - values[other])
    return (values[one] == values[other]).astype(np.float64)


def _named_for_whom(name: str) -> bool:
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    who = {*WHO, *(f"{word}s" for word in WHO)}
    return _says_whose(name) or (words <= who | ID_WORDS and bool(words & who))


def _says_whose(name: str) -> bool:
    plain = re.sub(r"[^a-zA-Z]+", "_", name).strip("_")
    return bool(
        WHO_ID.fullmatch(plain) or WHO_SIGNS.search(name) or CLINICAL.fullmatch(plain) or CLINICAL.fullmatch(name)
    )


def _made_of(coarse: np.ndarray, fine: np.ndarray) -> bool:
    """Each value of `fine` lies in one of `coarse`, of which there are fewer."""
    both = pd.DataFrame({"coarse": coarse, "fine": fine})
    return bool(coarse.max() < fine.max() and (both.groupby("fine")["coarse"].nunique() == 1).all())


def _labels(cells: pd.Series) -> pd.Series:
    return pd.Series(as_label(as_text(cells, ())).to_pandas(), dtype="str")
