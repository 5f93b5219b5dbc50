"""What a version is to know of users when it answers: as of its release, or of a later `casebook catch-up`."""

import logging
from pathlib import Path

from components.core.errors import CasebookError
from components.core.histories import Kept, check_whole, moment, newest_set, read_kept
from components.core.job import Paths
from components.registry.finding import Served

log = logging.getLogger(__name__)


def histories_of(paths: Paths, case: str, found: Served) -> Path | None:
    """The folder that the version answers by: the newest that this checkout has caught up with for its users and items,
    else its own; None where it keeps nothing of users.
    """
    own = None if found.histories is None else read_kept(found.histories)
    if found.histories is None or own is None:
        return None
    later = newest_set(paths.caught_up(case), own.encoders)
    if later is not None and _is_later(later[1], own):
        try:
            check_whole(*later)
            return later[0]
        except CasebookError as error:
            log.warning("%s", error)
    other = newest_set(paths.caught_up(case))
    if other is not None and _is_later(other[1], own) and other[1].encoders != own.encoders:
        log.warning(
            "%s: version %s knows its users up to %s: the events that were caught up with, up to %s, are for a model "
            "of other users or items; `casebook catch-up %s` reads them for this one",
            *(case, found.version, moment(own.until), moment(other[1].until), case),
        )
    return found.histories


def known_until(paths: Paths, case: str, until: str | None, encoders: str | None) -> str | None:
    """Up to which moment a version of those tags knows its users, ISO 8601; what is caught up with counts."""
    later = None if encoders is None else newest_set(paths.caught_up(case), encoders)
    return max(filter(None, (until, None if later is None else later[1].until)), default=None)


def _is_later(one: Kept, own: Kept) -> bool:
    return (one.until or "") >= (own.until or "")
