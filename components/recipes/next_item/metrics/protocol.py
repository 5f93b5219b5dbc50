"""Protocol of a ranking's measurement: without it the number says nothing, so it goes wherever the number goes."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RankingProtocol:
    """`text` is the rule that `prepare` wrote; `users` were asked, over a catalogue of `items`."""

    text: str
    split: str
    users: int
    items: int

    @property
    def caption(self) -> str:
        """One line, for pictures and pages."""
        return f"{self.split}: {self.users:,} users, {self.items:,} items; {self.text}"

    @property
    def stated(self) -> dict[str, Any]:
        """For a JSON file."""
        return {**asdict(self), "caption": self.caption}
