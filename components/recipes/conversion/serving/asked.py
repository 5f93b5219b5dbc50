"""What a person has said of the lines: how they are typed, words of their own, and whether they go together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.recipes.conversion.encoding.near import Pair, read_pairs


@dataclass(frozen=True)
class Asked:
    """`fuzzy` are sounds that are taken for each other, `words` a file of the person's own; with `context` what lines
    before were answered with is likelier in the next ones. Without `abbreviations` they are as the case has them.
    """

    abbreviations: bool = False
    fuzzy: tuple[Pair, ...] = ()
    typos: bool = False
    words: Path | None = None
    context: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Asked":
        """From options of `predict` or keywords; `fuzzy` is a text there.

        Raises:
            CasebookError: `fuzzy` names no sounds.
        """
        words, fuzzy = options.get("words"), options.get("fuzzy")
        return cls(
            abbreviations=bool(options.get("abbreviations")),
            fuzzy=read_pairs(fuzzy) if fuzzy else (),
            typos=bool(options.get("typos")),
            words=Path(words) if words else None,
            context=bool(options.get("context")),
        )


PLAIN = Asked()
