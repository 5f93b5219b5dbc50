"""What a cohort's columns are found to tell of its outcome, and how it is said."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.core.errors import CasebookError

MOST_SHOWN = 8


@dataclass(frozen=True)
class Leak:
    """Columns that tell the outcome, and by which figures. `sure` is beyond doubt; what is not, may be honest.

    `later` are those of them that cannot have been known at the start, if one is.
    """

    columns: tuple[str, ...]
    sure: bool
    why: str
    later: tuple[str, ...] = ()

    @property
    def to_leave_out(self) -> tuple[str, ...]:
        return self.later or self.columns

    def told(self) -> str:
        names = ", ".join(self.columns)
        return f"column{'s' if len(self.columns) > 1 else ''} {names}: {self.why}"


def refuse(leaks: Sequence[Leak], file: str) -> None:
    """Refuse what is beyond doubt, and ask of the rest.

    Raises:
        CasebookError: there is anything.
    """
    sure, likely = ([leak for leak in leaks if leak.sure is doubtless] for doubtless in (True, False))
    parts = []
    if sure:
        parts.append(
            f"{_listed(sure)}; it is the outcome in other words, or was written after it: move {_names(sure)} to "
            "prepare.ignore"
        )
    if likely:
        parts.append(
            f"{_listed(likely)}; it may have been written after time zero: move {_names(likely)} to prepare.ignore, or "
            f"say that it is known when a row is asked about, with prepare.known: [{_names(likely)}]"
        )
    if parts:
        raise CasebookError(f"{file}: " + ". Besides, ".join(parts))


def _listed(leaks: Sequence[Leak]) -> str:
    more = f"; and {len(leaks) - MOST_SHOWN} more" if len(leaks) > MOST_SHOWN else ""
    return "; ".join(leak.told() for leak in leaks[:MOST_SHOWN]) + more


def _names(leaks: Sequence[Leak]) -> str:
    return ", ".join(dict.fromkeys(name for leak in leaks for name in leak.to_leave_out))
