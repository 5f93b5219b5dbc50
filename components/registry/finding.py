"""Where the registry is, and the bundle that serves: found without loading MLflow wherever that can be done.

A server is asked over its REST; of a checkout's own store the SQLite file is read, if its schema is one that is known.
Everything else (an address or settings that only MLflow understands, a schema of another MLflow, a store that has moved
or is damaged) is left to MLflow's client. A bundle that is not on this disk comes through the client, too: how files
travel is its business, while all else that is read of a server are the answers of seven addresses.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import CasebookError
from components.registry.champion import champion_version, find_version
from components.registry.ledger import LostRegistryError, known_models
from components.registry.ledger_file import ledger_path
from components.registry.model_files import bundle_in, damage, histories_beside
from components.tracking.address import store_address, without_login
from components.tracking.reading.database import open_database
from components.tracking.reading.registry import Registry
from components.tracking.reading.server import open_server

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """A version whose bundle is whole; `is_champion` where the alias names it. `histories` is what it keeps of users,
    as of its release; None where it keeps nothing.
    """

    version: str
    bundle: Path
    is_champion: bool
    histories: Path | None = None


def open_registry(root: Path) -> Registry:
    """The registry of `MLFLOW_TRACKING_URI`, or the one embedded in `root`, to read it.

    Raises:
        CasebookError: it does not answer, or is no store.
    """
    uri = store_address(root)
    if (found := open_server(root, uri) or open_database(root, uri)) is not None:
        return found
    from components.tracking.track import connect

    return connect(root)


def check_registry(root: Path, cases: Sequence[str]) -> None:
    """Look whether the registry still has what the checkout's ledger files know of the cases: before hours of work that
    could not be registered. One that does not answer is told by who needs it.

    Raises:
        LostRegistryError: it has lost any of them.
    """
    known = [case for case in cases if ledger_path(root, case).exists()]
    if not known:
        return
    try:
        known_models(open_registry(root), known)
    except LostRegistryError:
        raise
    except CasebookError as error:
        log.debug("the registry cannot be looked at: %s", error)


def served(registry: Registry, case: str, version: str | None = None) -> Served:
    """The version of that number or alias, or the champion.

    Raises:
        CasebookError: the store cannot be reached, or there is no such version, no champion, or not all of its files.
    """
    number, is_champion = number_of(registry, case, version)
    bundle = _bundle(registry, case, number)
    return Served(number, bundle, is_champion, histories_beside(bundle))


def number_of(registry: Registry, case: str, version: str | None) -> tuple[str, bool]:
    """The number of the version of that number or alias, or of the champion; and whether it is the champion.

    Raises:
        CasebookError: the store cannot be reached, or there is no such version, or no champion.
    """
    champion = champion_version(registry, case)
    number = champion if version is None else find_version(registry, case, version).version
    if number is None:
        raise CasebookError(
            f"{case}: no champion in {without_login(registry.uri)}; `casebook run {case}` trains and promotes one, "
            "or name a registered one with --version"
        )
    return number, number == champion


def _bundle(registry: Registry, case: str, number: str) -> Path:
    folder = registry.model_folder(case, number)
    if folder is not None and not damage(folder):
        return bundle_in(folder)
    from components.registry.register import bundle_of
    from components.tracking.track import Tracker, connect

    return bundle_of(registry if isinstance(registry, Tracker) else connect(registry.root), case, number)
