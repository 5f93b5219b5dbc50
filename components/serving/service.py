"""What a recipe's part `http` offers: a bundle that answers what HTTP brings, and tells what it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from components.serving.problems import Detail

Explain = Literal["always", "declined", "never"]
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Options:
    """How rows of one request are answered: who gets reasons, and whether what training never had is refused."""

    explain: Explain = "declined"
    strict: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)  # the recipe's own, such as `top`

    @property
    def key(self) -> tuple[Any, ...]:
        """Requests of equal keys are answered together."""
        return self.explain, self.strict, tuple(sorted(self.more.items()))


@dataclass(frozen=True)
class Answered:
    """What is answered to a row, by column, or what of it is wrong; `told` are the scores that monitoring compares."""

    values: Mapping[str, Any] | None
    wrong: Sequence[Detail] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None  # who answered, where it was not the version that was asked


class Service(Protocol):
    """An opened bundle. Its methods may be called by one thread at a time, but for `check` and `schema`.

    One that has `key`, names of columns that say whose a row is, has a canary answer the same people always.
    """

    def schema(self) -> Mapping[str, Any]:
        """A row as JSON Schema: columns, kinds, ranges, classes; `examples` has one."""

    def check(self, row: Any) -> Sequence[Detail]:
        """What is wrong with the form of a row, before it waits: columns that lack or are unknown, cells of no kind."""

    def options(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The recipe's own options among what a request has beside its rows.

        Raises:
            Problem: one is unknown, or of the wrong type.
        """

    def answer(self, rows: Sequence[Mapping[str, Any]], options: Options) -> Sequence[Answered]:
        """Rows that have passed `check`, in their order. `loc` of what is wrong begins with the column."""


# What the part offers: of a bundle, of what the version keeps of users, and of the case's block `predict`.
Opens = Callable[[Path, Path | None, Any], Service]


class Online(Protocol):
    """The part `http`. `MAX_BODY` are the bytes of the largest body that is read."""

    @property
    def MAX_BODY(self) -> int: ...  # noqa: N802 - a constant of the part

    def open_service(self, bundle: Path, histories: Path | None, checks: Any, /) -> Service: ...
