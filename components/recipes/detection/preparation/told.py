"""What is told of annotations that were read: each kind once, with how often and three examples."""

import logging
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

EXAMPLES = 3


@dataclass
class Told:
    """Counts what was met, by what a line says of it."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, example: str, count: int = 1) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + count
        shown = self.examples.setdefault(kind, [])
        if len(shown) < EXAMPLES and example not in shown:
            shown.append(example)

    def lines(self) -> list[str]:
        return [
            f"{count} {kind}{such_as(self.examples[kind])}" for kind, count in sorted(self.counts.items()) if count > 0
        ]

    def say(self) -> list[str]:
        """Warn of each line; returns them."""
        for line in (lines := self.lines()):
            log.warning("%s", line)
        return lines


def such_as(examples: list[str]) -> str:
    shown = "; ".join(one for one in examples[:EXAMPLES] if one)
    return f", such as {shown}" if shown else ""
