"""A version that is tried beside the champion, as a shadow or as a canary."""

import logging

from components.core.errors import CasebookError
from components.core.job import AnyJob
from components.serving.models import Finder, Model, open_model
from components.serving.people import marks_of, people_of

log = logging.getLogger(__name__)


class Beside:
    """Where it stands: `model` is None where the version is the champion itself, or has never opened.

    Whatever goes wrong with it is told by `trouble` and concerns nobody else.
    """

    def __init__(self, job: AnyJob, which: str, finder: Finder) -> None:
        self.job, self.which, self._find = job, which, finder
        self.model: Model | None = None
        self.trouble = ""
        self._marks = marks_of(job)

    def look(self) -> bool:
        """Look which version it is now, open that one and exchange the two. Whether they were. The same version is
        opened anew where it is to know its users otherwise.

        Where the registry is away or the other version does not open, the one that is open goes on.
        """
        try:
            found, marks = self._find(self.job, self.which), marks_of(self.job)
            now = self.model
            same = now is not None and found.version == now.version and not found.is_champion
            if now is not None and same and (marks == self._marks or people_of(self.job, found) == now.people):
                self.trouble, self._marks = "", marks
                return False
            other = None if found.is_champion else open_model(self.job, found)
        except Exception as error:
            told = str(error) if isinstance(error, CasebookError) else f"{type(error).__name__}: {error}"
            if told != self.trouble:
                log.error("%s: %s is not tried beside the champion: %s", self.job.case, self.which, told)
            self.trouble = told
            return False
        before, self.model, self.trouble, self._marks = self.version, other, "", marks
        return before != self.version

    @property
    def version(self) -> str | None:
        """The number of the one that is open."""
        return None if self.model is None else self.model.version
