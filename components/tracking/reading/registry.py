"""MLflow's registry as far as it is read, whoever answers: its client, a server's REST, or the database itself.

Three implementations answer alike, which a test holds: `client.ReadByClient` for whatever MLflow can open,
`server.Server` and `database.Database` for the two usual places, since MLflow's client takes longer to load than all
its answers together. What writes goes through MLflow's client. Imports nothing of MLflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True)
class RegisteredModel:
    """What is registered under a name: versions by alias, and tags, the ledger's among them."""

    aliases: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RegisteredVersion:
    """A version that is not deleted, and the run it came from."""

    version: str
    run_id: str
    aliases: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RunState:
    id: str
    name: str | None
    status: str
    deleted: bool

    @classmethod
    def of(cls, run: str, name: str | None, status: str, stage: str) -> "RunState":
        """From MLflow's fields; `stage` is `active` or `deleted`."""
        return cls(run, name, status, stage != "active")


class Registry(Protocol):
    """A registry, and the checkout that asks it. Each answer is None where there is no such thing.

    Raises:
        CasebookError: the store cannot be reached.
    """

    @property
    def root(self) -> Path: ...

    @property
    def uri(self) -> str: ...

    def registered_model(self, name: str) -> RegisteredModel | None: ...

    def registered_models(self) -> Mapping[str, RegisteredModel]:
        """All of them, by their names; empty if there is none."""

    def model_version(self, name: str, number: str) -> RegisteredVersion | None: ...

    def run_state(self, run: str) -> RunState | None: ...

    def model_folder(self, name: str, number: str) -> Path | None:
        """The version's files; None if they are not on this disk."""

    def model_file(self, name: str, number: str, path: str) -> bytes | None:
        """The file of that path among the version's, wherever they are."""


def folder_at(address: str) -> Path | None:
    """The folder that an address of artifacts names, if it is on this disk: that of a server may be another one."""
    place = urlsplit(address)
    folder = Path(place.path)
    return folder if place.scheme in ("", "file") and folder.is_dir() else None
