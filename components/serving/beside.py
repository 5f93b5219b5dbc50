"""A version that is tried beside the champion, as a shadow or as a canary."""

import logging
from collections.abc import Callable

from components.core.job import AnyJob
from components.serving.models import Finder, Model, Opening

log = logging.getLogger(__name__)


class Beside:
    """Where it stands: `model` is None where the version is the champion itself, or has never opened.

    Whatever goes wrong with it is told by `trouble` and concerns nobody else. `tell` hears of it, once.
    """

    def __init__(self, job: AnyJob, which: str, finder: Finder, tell: Callable[[str], None] | None = None) -> None:
        self.job, self.which = job, which
        self.model: Model | None = None
        self._opening = Opening(job, which, finder, tell or self._tell, beside=True)

    @property
    def trouble(self) -> str:
        """Why the version that should be tried is not; empty where it is."""
        return self._opening.trouble

    def look(self) -> bool:
        """Look which version it is now, open that one and exchange the two. Whether they were."""
        before, self.model = self.version, self._opening.look(self.model)
        return before != self.version

    @property
    def version(self) -> str | None:
        """The number of the one that is open."""
        return None if self.model is None else self.model.version

    def _tell(self, trouble: str) -> None:
        log.error("%s: %s is not tried beside the champion: %s", self.job.case, self.which, trouble)
