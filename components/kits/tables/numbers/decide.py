"""How a file of unknown make writes its numbers: by the evidence of all its columns, or as a person has said."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from components.core.errors import CasebookError
from components.kits.tables.numbers.marks import BETWEEN, DECIMALS, OTHER, Marks
from components.kits.tables.numbers.units import is_money

log = logging.getLogger(__name__)

NAMES = {".": "point", ",": "comma"}
NUMBERS_SHARE = 0.8  # cells of a column of numbers that are some; the others are words for no value


@dataclass(frozen=True)
class Stated:
    """What a person has said; None is not said."""

    decimal: str | None = None
    thousands: str | None = None

    @property
    def mark(self) -> str | None:
        """The decimal mark that follows."""
        if self.decimal is not None:
            return self.decimal
        return OTHER.get(self.thousands or "")


NOT_STATED = Stated()


def stated(decimal: str | None, thousands: str | None) -> Stated:
    """What the command line says.

    Raises:
        CasebookError: no such marks, or the same for both.
    """
    if decimal not in (None, *DECIMALS):
        raise CasebookError(f"--decimal {decimal!r}: the decimal mark of numbers is . or ,")
    if thousands not in (None, "", *DECIMALS, *BETWEEN):
        raise CasebookError(f"--thousands {thousands!r}: thousands are parted by . , ' a blank or nothing")
    if thousands is not None and thousands == decimal:
        raise CasebookError(f"--decimal and --thousands are both {decimal!r}; they must differ")
    return Stated(decimal, thousands)


@dataclass(frozen=True)
class Writing:
    """The marks of a file's numbers. `against` are columns whose numbers do not fit what a person has said of them."""

    decimal: str = "."
    thousands: str = ","
    against: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """A cell that only one decimal mark can have written."""

    decimal: str
    column: str
    text: str
    grouped: bool = False  # it says so by its thousands


def of_numbers(marks: Marks) -> bool:
    return marks.numbers > 0 and marks.numbers >= NUMBERS_SHARE * marks.cells


def proofs_of(marks: Marks) -> Iterable[Proof]:
    """What a column proves of the decimal mark, at most one of each."""
    for mark in DECIMALS:
        if marks.says(f"decimal {mark}"):
            yield Proof(mark, marks.name, marks.example(f"decimal {mark}"))
        elif marks.says(f"thousands {OTHER[mark]}"):
            yield Proof(mark, marks.name, marks.example(f"thousands {OTHER[mark]}"), grouped=True)


def conflict(one: Proof, other: Proof, remedy: str) -> CasebookError:
    return CasebookError(
        f"its numbers are written in two ways: {_told(one)}, and {_told(other)}; one file has one way: {remedy}"
    )


def doubt_of(marks: Marks, decimal: str, delimiter: str | None) -> str | None:
    """Why numbers such as `1.000`, read with that decimal mark, may yet be thousands; None where nothing says so."""
    if not marks.says(f"open {decimal}"):
        return None
    proven, rounded = marks.says(f"decimal {decimal}"), marks.says(f"round {decimal}")
    between = delimiter == ";" and decimal == "."
    if between and (not proven or (rounded and marks.says(f"uneven {decimal}"))):
        return "the ; between the fields is that of files with decimal commas"
    if not proven and rounded and marks.says("short"):
        return f"{marks.example('short')!r} beside it has no decimals, and decimals are not written with a 0 at the end"
    return None


def open_cell(marks: Marks, mark: str) -> str:
    """The cell to show: one that ends with 0 is the plainest."""
    return marks.example(f"round {mark}", f"open {mark}")


def decide(columns: Mapping[str, Marks], delimiter: str | None, stated: Stated) -> Writing:
    """The writing of a file whose columns have these marks.

    Raises:
        CasebookError: cells contradict each other or what is stated, or leave open what would matter.
    """
    numbers = [marks for marks in columns.values() if of_numbers(marks)]
    found = _decide(numbers, delimiter, stated)
    return found if stated.thousands is None else replace(found, thousands=stated.thousands)


def _decide(numbers: list[Marks], delimiter: str | None, stated: Stated) -> Writing:
    if stated.mark is not None:
        return _as_stated(numbers, stated)
    proofs = [proof for marks in numbers for proof in proofs_of(marks)]
    first = {proof.decimal: proof for proof in reversed(proofs)}
    if len(first) == 2:
        raise conflict(first["."], first[","], SETTLED)
    if first:
        (proof,) = first.values()
        _refuse_doubts(numbers, proof, delimiter)
        return _written(numbers, proof.decimal, f"{proof.text!r} in column {proof.column}")
    hints = dict(_hints(numbers, delimiter, stated))
    unclear = next((marks for marks in numbers for mark in DECIMALS if marks.says(f"open {mark}")), None)
    if unclear is None:
        return Writing()
    doubts = [marks for marks in numbers for decimal in hints if doubt_of(marks, decimal, delimiter)]
    doubts = doubts if stated.thousands is None else []
    if len(hints) != 1 or doubts:
        raise _ask((doubts or [unclear])[0])
    ((decimal, why),) = hints.items()
    return _written(numbers, decimal, why)


SETTLED = (
    "correct the cells of one of them, or say with --decimal (prepare.numbers in params.yaml) how the file is "
    "written; a column that does not fit is then none of numbers"
)


def _hints(numbers: list[Marks], delimiter: str | None, stated: Stated) -> Iterable[tuple[str, str]]:
    """Decimal marks that something speaks for, without a proof."""
    if stated.thousands is not None:  # neither point nor comma
        yield from ((mark, "as stated") for marks in numbers for mark in DECIMALS if marks.says(f"open {mark}"))
        return
    # Where every number has three digits behind the mark, they may be decimals of a fixed number.
    if delimiter == ";" and all(marks.says("short") for marks in numbers if marks.says("open .")):
        yield ",", "; between the fields"
    for marks in numbers:
        money = any(is_money(unit) for unit in marks.units)
        for mark in DECIMALS:
            if money and doubt_of(marks, mark, None):
                yield OTHER[mark], f"money such as {open_cell(marks, mark)!r} in column {marks.name}"


def _refuse_doubts(numbers: list[Marks], proof: Proof, delimiter: str | None) -> None:
    for marks in numbers:
        if doubt := doubt_of(marks, proof.decimal, delimiter):
            seen = Proof(OTHER[proof.decimal], marks.name, open_cell(marks, proof.decimal))
            raise CasebookError(
                f"its numbers seem to be written in two ways: {_told(proof)}, and {seen.text!r} in column "
                f"{seen.column} looks like thousands ({doubt}); correct the cells of one of them, or say with "
                f"--decimal {proof.decimal} (prepare.numbers in params.yaml) that it is no thousands"
            )


def _ask(marks: Marks) -> CasebookError:
    mark = next(mark for mark in DECIMALS if marks.says(f"open {mark}"))
    beside = [marks.example(fact) for fact in ("long", "short") if marks.says(fact)]
    told = [*dict.fromkeys([open_cell(marks, mark), *beside, *marks.shown[f"open {mark}"]]), "no other"][:2]
    return CasebookError(
        f"column {marks.name}: cannot tell thousands from decimals, a factor of 1,000, in {told[0]!r} and {told[1]!r}, "
        f"and no other cell says how the file writes numbers; say it with --decimal {mark} (these are decimals) or "
        f"--thousands {mark} (these are thousands); prepare.numbers in params.yaml keeps it"
    )


def _as_stated(numbers: list[Marks], stated: Stated) -> Writing:
    decimal = stated.mark
    assert decimal is not None
    against, support = {}, False
    for marks in numbers:
        proofs = {proof.decimal: proof.text for proof in proofs_of(marks)}
        support = support or decimal in proofs or marks.says(f"open {decimal}") or marks.says(f"open {OTHER[decimal]}")
        if OTHER[decimal] in proofs:
            against[marks.name] = proofs[OTHER[decimal]]
    if against and not support:
        name, text = next(iter(against.items()))
        option = f"--decimal {decimal}" if stated.decimal is not None else f"--thousands {stated.thousands}"
        raise CasebookError(f"{option} does not fit {text!r} in column {name}, nor any other of its numbers")
    for name, text in against.items():
        log.warning("column %s is none of numbers: %r does not fit the decimal mark %s", name, text, decimal)
    return replace(_written(numbers, decimal, "as stated"), against=against)


def _written(numbers: list[Marks], decimal: str, why: str) -> Writing:
    """The mark of thousands is one that stands somewhere, or else the other one of the two."""
    other = OTHER[decimal]
    grouped = [(mark, marks) for mark in (*BETWEEN, other) for marks in numbers if marks.says(f"thousands {mark}")]
    grouped += [(other, marks) for marks in numbers if marks.says(f"open {other}")]
    thousands = grouped[0][0] if grouped else other
    if decimal == "," or grouped:
        cells = {marks.name: _grouped_cell(marks, mark) for mark, marks in reversed(grouped)}
        told = "".join(f"; {text!r} in column {name} has thousands" for name, text in list(cells.items())[-1:])
        log.info("numbers are written with a decimal %s (%s)%s", NAMES[decimal], why, told)
    return Writing(decimal, thousands)


def _grouped_cell(marks: Marks, mark: str) -> str:
    return marks.example(f"thousands {mark}", f"round {mark}", f"open {mark}")


def _told(proof: Proof) -> str:
    shown = f"{proof.text!r} in column {proof.column}"
    if proof.grouped:
        return f"{shown} parts thousands with {'points' if proof.decimal == ',' else 'commas'}"
    return f"{shown} has a decimal {NAMES[proof.decimal]}"
