"""What a person says of a table beside its target, where its cells leave it open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.core.errors import CasebookError, nearest
from components.kits.tables.encoding.reading import AS_IT_IS, Reading


@dataclass(frozen=True)
class Hints:
    """`reading` says how the file is read, `ignore` names columns to leave out; by column, `missing` and `present` are
    as in its block, and `dates` its formats.
    """

    reading: Reading = AS_IT_IS
    ignore: tuple[str, ...] = ()
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    present: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, names: Iterable[str], path: Path) -> None:
        """Raises CasebookError if one of them is of no column."""
        there = list(names)
        for name in (*self.ignore, *self.missing, *self.present, *self.dates):
            if name not in there:
                raise CasebookError(f"{path}: no column {name!r}{nearest(name, there)}; there are: {', '.join(there)}")

    def no_value(self, name: str, missing: Iterable[str]) -> tuple[str, ...]:
        """The texts that stand for no value in a column, of `missing` and of what is said of it."""
        values = {text.lower() for text in self.present.get(name, ())}
        return (*(text for text in missing if text.lower() not in values), *self.missing.get(name, ()))

    def told(self, name: str) -> dict[str, list[str]]:
        """What its block then states."""
        said = {"missing": self.missing.get(name, ()), "present": self.present.get(name, ())}
        return {key: list(texts) for key, texts in said.items() if texts}


EXAMPLES = {
    "--merge": "CLASS=VALUE, such as other=spline",
    "--cause": "NAME=VALUE, such as relapse=1",
}


def by_column(option: str, given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`COLUMN=TEXT`s of an option of the command line, by column.

    Raises:
        CasebookError: one has another form.
    """
    found: dict[str, tuple[str, ...]] = {}
    for one in given:
        name, sign, text = one.rpartition("=")
        if not sign or not name:
            raise CasebookError(
                f"{option} {one!r}: write it as {option} {EXAMPLES.get(option, 'COLUMN=TEXT, such as age=99')}"
            )
        found[name] = (*found.get(name, ()), text)
    return found


NO_HINTS = Hints()
