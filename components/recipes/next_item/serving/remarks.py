"""Remarks on rows: what an answer could not take from them, counted, and said once with an example."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

UNKNOWN_USER = "%d user(s) that the model does not know, without a history, such as %r: answered by popularity"
EMPTY_HISTORY = "%d user(s) with an empty history, such as %r: answered by popularity"
BY_FEATURES = "%d user(s) without a history, such as %r: answered by what users of like features had"
UNKNOWN_ITEM = "%d event(s) of items that the model does not know, such as %r: ignored"
UNREADABLE_RATING = "%d event(s) whose rating is no number, such as %r: left out, as training does"
ODD_MOMENT = "%d event(s) at a time that is hardly one, such as %r: left out, as training does"
OUTSIDE = "%%d rating(s) outside training's %g to %g, such as %%r: taken as the nearest of these"
UNKNOWN_ALLOWED = "%d id(s) of the allow list that the model does not know, such as %r: ignored"
UNKNOWN_DENIED = "%d id(s) of the deny list that the model does not know, such as %r: ignored"
NAMELESS = "%d row(s) without a user, such as %s: not answered"
NOT_LISTED = "%d user(s) of whom the allow list has no line, such as %r: nothing is answered"
LONG_HISTORY = "%%d user(s) with more events than the network reads, such as %%r: it reads the last %d of each"
TOO_MANY = "%%d user(s), such as %%r, get fewer items than the %d asked for: the model knows %d"
TOO_FEW = "%d user(s) for whom fewer items are left than were asked for, such as %r"


@dataclass
class Remarks:
    """Counts and first examples by message; `say` writes each as one warning."""

    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, message: str, examples: Iterable[str]) -> None:
        examples = list(examples)
        if examples:
            count, first = self.found.get(message, (0, examples[0]))
            self.found[message] = (count + len(examples), first)

    def say(self) -> None:
        for message, (count, example) in self.found.items():
            log.warning(message, count, example)
