"""What points, commas, blanks and apostrophes in a column's numbers say of how they are written."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.kits.tables.encoding.text import plain_characters
from components.kits.tables.numbers.units import MAGNITUDES, is_known, is_money

DECIMALS = (".", ",")
OTHER = {".": ",", ",": "."}
BETWEEN = (" ", "'")  # they part thousands and nothing else
# A number with what may stand around it: a sign, brackets, a unit before or behind.
CELL = (
    r"^\(?\s*[+-]?\s*(?P<before>[^\d\s.,'()+\-]{1,4})?\s*[+-]?\s*(?P<core>\d(?:[\d.,' ]*[\d.,])?|[.,]\d+)"
    r"(?P<exponent>[eE][+-]?\d{1,4})?(?P<gap>\s*)"
    r"(?P<after>[^\d\s.,'()+\-][^\s()]*(?: [^\d\s.,'()+\-][^\s()]*)?)?\s*\)?$"
)
SHOWN = 2  # cells of a fact that are kept to be told
BARE = r"^[+-]?\d[\d.,]*$"


def _shapes() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each way to write a number, with what it says; the first that fits a number counts."""
    yield r"^\d{1,3}$", ("short",)
    yield r"^\d{4,}$", ("long",)
    for mark in DECIMALS:
        m, d = f"[{mark}]", f"[{OTHER[mark]}]"
        yield rf"^[1-9]\d{{0,2}}{m}\d\d0$", (f"open {mark}", f"round {mark}")
        yield rf"^[1-9]\d{{0,2}}{m}\d{{3}}$", (f"open {mark}",)
        yield rf"^\d*{m}\d{{3}}$", (f"decimal {mark}",)
        yield rf"^\d*{m}\d*$", (f"decimal {mark}", f"uneven {mark}")
        yield rf"^[1-9]\d{{0,2}}({m}\d{{3}}){{2,}}$", (f"thousands {mark}",)
        yield rf"^[1-9]\d{{0,2}}({m}\d{{3}})+{d}\d*$", (f"thousands {mark}", f"decimal {OTHER[mark]}")
    yield r"^[1-9]\d?(,\d{2})+,\d{3}$", ("thousands ,",)  # 12,34,567
    yield r"^[1-9]\d?(,\d{2})+,\d{3}\.\d*$", ("thousands ,", "decimal .")
    for mark in BETWEEN:
        yield rf"^[1-9]\d{{0,2}}({mark}\d{{3}})+$", (f"thousands {mark}",)
        for decimal in DECIMALS:
            facts = (f"thousands {mark}", f"decimal {decimal}")
            yield rf"^[1-9]\d{{0,2}}({mark}\d{{3}})+[{decimal}]\d*$", facts


SHAPES = tuple(_shapes())


@dataclass
class Marks:
    """What the numbers of a column say, by fact: how many cells, and the first of them as they stand.

    `decimal .` proves a decimal point and `thousands .` that points part thousands; `open .` is `1.234`, which may be
    either, `round .` one of them that ends with 0, `uneven .` a decimal of other than three digits; `short` has up
    to three digits and no mark, `long` has more. `low` and `high` bound the sizes of the open ones, read as decimals.
    """

    name: str
    cells: int = 0
    numbers: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)
    strange: str | None = None  # a cell that is no number
    units: dict[str, str] = field(default_factory=dict)  # of a unit a cell that has it

    def says(self, fact: str) -> bool:
        return fact in self.counts

    def example(self, *facts: str) -> str:
        """The first cell of the first of the facts that there is."""
        return next(self.shown[fact][0] for fact in facts if fact in self.shown)

    def add(self, texts: pa.Array, counts: np.ndarray) -> None:
        """Count distinct texts (N,) that occur `counts` (N,) times; both may be of one part of a file."""
        self.cells += int(counts.sum())
        cores, exponents = self._cores(texts)
        left = cores.is_valid().to_numpy(zero_copy_only=False)
        for pattern, facts in SHAPES:
            if not left.any():
                break
            fits = _holds(cores, pattern) & left
            if fits.any():
                self._count(texts, cores, counts, fits, facts, exponents)
                left = left & ~fits
        broken = left | ~cores.is_valid().to_numpy(zero_copy_only=False)
        self.numbers += int(counts[~broken].sum())
        if self.strange is None and broken.any():
            self.strange = texts[int(broken.argmax())].as_py()

    def _count(
        self,
        texts: pa.Array,
        cores: pa.Array,
        counts: np.ndarray,
        fits: np.ndarray,
        facts: tuple[str, ...],
        exponents: np.ndarray,
    ) -> None:
        if facts[0].startswith("open "):  # a number with an exponent has decimals, if a mark
            mark = facts[0][-1]
            if (fits & exponents).any():
                self._note(texts, counts, fits & exponents, f"decimal {mark}")
                fits = fits & ~exponents
            if not fits.any():
                return
            sizes = pc.cast(pc.replace_substring(cores.filter(pa.array(fits)), mark, "."), pa.float64())
            self.low[mark] = min(self.low.get(mark, np.inf), pc.min(sizes).as_py())
            self.high[mark] = max(self.high.get(mark, 0.0), pc.max(sizes).as_py())
        for fact in facts:
            self._note(texts, counts, fits, fact)

    def _note(self, texts: pa.Array, counts: np.ndarray, fits: np.ndarray, fact: str) -> None:
        self.counts[fact] = self.counts.get(fact, 0) + int(counts[fits].sum())
        if len(shown := self.shown.setdefault(fact, [])) < SHOWN:
            shown.extend(texts[int(place)].as_py() for place in np.flatnonzero(fits)[: SHOWN - len(shown)])

    def _cores(self, texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
        """The digits and marks of each text, null where it is no number, and which have an exponent."""
        plain = plain_characters(texts)
        bare = _holds(plain, BARE)
        cores = pc.if_else(pa.array(bare), pc.utf8_ltrim(plain, characters="+-"), None)
        if bare.all():
            return cores, np.zeros(len(texts), dtype=bool)
        parts = pc.extract_regex(pc.if_else(pa.array(bare), None, plain), pattern=CELL)
        if not len(parts.drop_null()):
            return cores, np.zeros(len(texts), dtype=bool)
        fits = self._with_unit(parts, texts)
        found = pc.utf8_trim_whitespace(pc.if_else(fits, pc.struct_field(parts, "core"), None))
        has_exponent = pc.fill_null(pc.not_equal(pc.struct_field(parts, "exponent"), ""), False)
        return pc.coalesce(cores, found), has_exponent.to_numpy(zero_copy_only=False)

    def _with_unit(self, parts: pa.Array, texts: pa.Array) -> pa.Array:
        """Which texts are a number by itself, with a known unit or magnitude, or with the column's only word."""
        before, after = pc.struct_field(parts, "before"), pc.struct_field(parts, "after")
        spaced = pc.not_equal(pc.struct_field(parts, "gap"), "")
        words = [word for word in pc.unique(after.filter(pc.fill_null(spaced, False))).to_pylist() if word]
        alone = words if len({word.casefold() for word in words}) == 1 else []
        signs = [sign for sign in pc.unique(before).to_pylist() if sign and is_money(sign)]
        behind = [word for word in pc.unique(after).to_pylist() if word and is_unit(word)]
        for place in ("before", "after"):
            found = pc.struct_field(parts, place)
            for unit in signs if place == "before" else [*behind, *alone]:
                self.units.setdefault(unit, texts[pc.index(found, unit).as_py()].as_py())
        fits = pc.and_(
            pc.is_in(before, value_set=pa.array(["", *signs], before.type)),
            pc.or_(
                pc.is_in(after, value_set=pa.array(["", *behind], after.type)),
                pc.and_(spaced, pc.is_in(after, value_set=pa.array(alone, after.type))),
            ),
        )
        return pc.fill_null(fits, False)


def is_unit(word: str) -> bool:
    """A known unit, a magnitude, or both: `kg`, `M`, `Mio €`, `k€`."""
    if word in MAGNITUDES or is_known(word):
        return True
    return any(word.startswith(sign) and is_known(word[len(sign) :].strip()) for sign in MAGNITUDES)


def _holds(texts: pa.Array, pattern: str) -> np.ndarray:
    found: np.ndarray = pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy(zero_copy_only=False)
    return found
