"""A version that serves, and the exchange of it for the next one while requests go on."""

import importlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from components.core.errors import CasebookError
from components.core.job import AnyJob
from components.core.recipe import read_checks
from components.core.recipe_names import part_module
from components.registry.finding import Served
from components.registry.model_files import card_beside
from components.serving.answers import NOTHING, Told, told_of
from components.serving.people import NOBODY, People, marks_of, people_of
from components.serving.service import Answered, Forgetting, Online, Options, Service

log = logging.getLogger(__name__)

LOOKED_EVERY = 5.0  # seconds between looks at an alias
TRIED_AGAIN = 60.0  # seconds until a version that did not open is opened anew
Finder = Callable[[AnyJob, str | None], Served]
WARMING = 3  # answers before a bundle serves: the first of a graph is the slowest


@dataclass(frozen=True, eq=False)
class Model:
    """An opened version of a case. Nothing of it changes: who holds it goes on being answered by it."""

    case: str
    version: str
    service: Service
    card: Path
    is_champion: bool
    people: People = NOBODY
    answers: Told = NOTHING  # their schema


def online(recipe: str) -> Online:
    """The part `http` of a recipe.

    Raises:
        CasebookError: the recipe is not answered over HTTP.
    """
    name = part_module(recipe, "http")
    try:
        return cast(Online, importlib.import_module(name))
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise CasebookError(
            f"recipe {recipe}: it has no part `http`; its cases are answered by `casebook predict`"
        ) from None


def open_model(job: AnyJob, found: Served) -> Model:
    """Open a version and have it answer its own example, so that the first client does not wait for it.

    Raises:
        CasebookError: it is no bundle that can be opened.
    """
    people = people_of(job, found)
    service = online(job.params.recipe).open_service(found.bundle, people.histories, read_checks(job))
    if isinstance(service, Forgetting):
        service.forget(people.forgotten)
    examples = service.schema().get("examples", ())
    answered: Sequence[Answered] = ()
    for _ in range(WARMING):
        answered = service.answer(list(examples), Options(explain="always"))
    answers = told_of(service, answered)
    return Model(job.case, found.version, service, card_beside(found.bundle), found.is_champion, people, answers)


class Opening:
    """Which version should stand somewhere, opened. Whatever goes wrong, the one that stands there goes on, `trouble`
    says why, and `tell` hears of it once: the registry may be away, or the other bundle broken. What did not open is
    tried again after a minute and not at each look, as who answers has to share the processor with that.

    `beside`: what is tried beside the champion, so that nothing stands there where the version is the champion.
    """

    def __init__(
        self, job: AnyJob, which: str | None, finder: Finder, tell: Callable[[str], None], *, beside: bool = False
    ) -> None:
        self.job, self.which, self._find, self._tell, self._beside = job, which, finder, tell, beside
        self.trouble = ""
        self._marks = marks_of(job)
        self._broken: tuple[Any, float, Exception] | None = None  # which did not open, until when that stands, and why

    def look(self, now: Model | None) -> Model | None:
        """Who should stand there now, which often is who does."""
        try:
            found, marks = self._find(self.job, self.which), marks_of(self.job)
            other = self._other(now, found, marks)
        except Exception as error:
            told = str(error) if isinstance(error, CasebookError) else f"{type(error).__name__}: {error}"
            if told != self.trouble:
                self._tell(told)
            self.trouble = told
            return now
        self.trouble, self._marks = "", marks
        return other

    def _other(self, now: Model | None, found: Served, marks: Any) -> Model | None:
        if self._beside and found.is_champion:
            return None
        same = now is not None and found.version == now.version
        if now is not None and same and (marks == self._marks or people_of(self.job, found) == now.people):
            # Another version may have been promoted meanwhile, or this one.
            return now if found.is_champion == now.is_champion else replace(now, is_champion=found.is_champion)
        which = found.version, marks
        if self._broken is not None and self._broken[0] == which and time.monotonic() < self._broken[1]:
            raise self._broken[2]
        try:
            return open_model(self.job, found)
        except Exception as error:
            self._broken = which, time.monotonic() + TRIED_AGAIN, error
            raise


class Slot:
    """Where the model of a case stands: readers take `model` as it is, one thread puts another one there."""

    def __init__(self, job: AnyJob, which: str | None, finder: Finder) -> None:
        self.job = job
        self.model = open_model(job, finder(job, which))
        self._opening = Opening(job, which, finder, self._tell)

    @property
    def trouble(self) -> str:
        """Why the version that should serve does not; empty where it does."""
        return self._opening.trouble

    def look(self) -> bool:
        """Look whether another version should serve, open it and exchange the two. Whether they were. The same version
        is opened anew where it is to know its users otherwise.
        """
        before, self.model = self.model, self._opening.look(self.model) or self.model
        if self.model.version != before.version:
            log.info("%s: version %s serves, in place of %s", self.job.case, self.model.version, before.version)
            return True
        if self.model.people != before.people:
            log.info("%s: version %s serves with what is known of its users now", self.job.case, before.version)
        return False

    def _tell(self, trouble: str) -> None:
        log.error("%s: version %s goes on serving: %s", self.job.case, self.model.version, trouble)


class Looks(Protocol):
    """Who looks whether another version should stand there, and says whether one now does."""

    def look(self) -> bool: ...


Looking = TypeVar("Looking", bound=Looks)


class Watcher(Generic[Looking]):
    """A thread that has each slot look, every few seconds."""

    def __init__(
        self, slots: Sequence[Looking], told: Callable[[Looking, bool], None], every: float = LOOKED_EVERY
    ) -> None:
        self._slots, self._told, self._every = slots, told, every
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()

    def _watch(self) -> None:
        while not self._end.wait(self._every):
            for slot in self._slots:
                self._told(slot, slot.look())
