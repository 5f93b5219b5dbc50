"""What a recipe's part `http` offers: a bundle that answers what HTTP brings, and tells what it takes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

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

    @property
    def is_whole(self) -> bool:
        """Whether the answer to a row depends on the others of its request: one version answers them all."""
        return any(getattr(value, "is_whole", False) for value in self.more.values())


@dataclass(frozen=True)
class Answered:
    """What is answered to a row, by column, or what of it is wrong; `told` are the scores that monitoring compares.
    `kept` are the row as the log of `casebook predict` has it, where that is another, or several, or none.
    """

    values: Mapping[str, Any] | None
    wrong: Sequence[Detail] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    kept: Sequence[Mapping[str, Any]] | None = None
    version: str | None = None  # who answered, where it was not the version that was asked


class Service(Protocol):
    """An opened bundle. Its methods may be called by one thread at a time, but for `check` and `schema`.

    It may have more: `at_once`, the rows of one call where they are fewer than usual; `takes_files`, true where rows
    are images that come as files of forms, too; `key`, columns that say whose a row is: a canary answers the same
    people always; `explains`, for whom `casebook predict` finds reasons; and the methods `more()`, the keys that
    `options` takes, each with its JSON Schema, and `answer_schema()`, where the answer to the example does not tell it.
    Where rows are others than those of `casebook predict`, which clients of MLflow and of the Open Inference Protocol
    send and get, `gathered(rows)` makes its own of those, and `flat(answers)` writes those of its own.
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


def at_once(service: Service, usual: int) -> int:
    """How many rows are answered in one call."""
    return min(usual, int(getattr(service, "at_once", usual)))


def takes_files(service: Service) -> bool:
    """Whether its rows are images, which come as files of forms and are answered as pictures, too."""
    return bool(getattr(service, "takes_files", False))


@runtime_checkable
class Forgetting(Protocol):
    """A service that keeps something of people, some of whom may have asked to be forgotten since."""

    def forget(self, digests: Collection[str], /) -> None: ...


@runtime_checkable
class Telling(Protocol):
    """A service that also tells facts for people who read its answers."""

    def about(self) -> Mapping[str, Any]:
        """Such as `threshold`, `decisions`, `unit`, `classes`: of the version, as JSON has them."""


@runtime_checkable
class Finding(Protocol):
    """A service whose rows name what stands in a catalogue: people look there for an id."""

    def find(self, column: str, text: str, limit: int, /) -> Sequence[Mapping[str, Any]]:
        """At most so many `{"value", "title"}` whose title or id holds the text. May be called by any thread."""


def facts(service: Service) -> Mapping[str, Any]:
    """What it tells about itself, if it does."""
    return service.about() if isinstance(service, Telling) else {}


@dataclass(frozen=True)
class Short:
    """A short path for `predict` of the recipe's cases: `read` makes the body of that of its own, whose keys beside
    those of every request are `keys`, as JSON Schema. It raises Problem 422.
    """

    path: str
    keys: Mapping[str, Any]
    read: Callable[[Mapping[str, Any]], Mapping[str, Any]]


# What the part offers: of a bundle, of what the version keeps of users, and of the case's block `predict`.
Opens = Callable[[Path, Path | None, Any], Service]


class Online(Protocol):
    """The part `http`. `MAX_BODY` are the bytes of the largest body that is read. It may have more: `SHORT`, a path."""

    @property
    def MAX_BODY(self) -> int: ...  # noqa: N802 - a constant of the part

    def open_service(self, bundle: Path, histories: Path | None, checks: Any, /) -> Service: ...
