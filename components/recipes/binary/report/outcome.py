"""Words of a case's own two classes and two decisions, of which titles, axes and headings are made."""

from dataclasses import asdict, dataclass, replace
from typing import Self

from components.evaluation.presentation.figures import shortened, shown_percent
from components.recipes.binary.serving.predictor import TablePredictor

LONGEST, LONGEST_COLUMN = 14, 20  # characters that a picture has room for


@dataclass(frozen=True)
class Outcome:
    """What `column` can be, and what is answered: `decided` at or above the threshold, `otherwise` below it.

    The score is the probability of `positive`.
    """

    column: str
    positive: str
    negative: str
    decided: str
    otherwise: str

    @classmethod
    def of(cls, predictor: TablePredictor) -> Self:
        target = predictor.data["spec"]["target"]
        return cls(target["column"], target["positive"], target["negative"], *predictor.settings.decisions)

    def for_pictures(self) -> Self:
        """The same with long words shortened."""
        words = {name: shortened(word, LONGEST) for name, word in asdict(self).items() if name != "column"}
        return replace(self, column=shortened(self.column, LONGEST_COLUMN), **words)

    @property
    def score(self) -> str:
        return f"predicted probability that {self.column} is {self.positive}"

    @property
    def found(self) -> str:
        return f"{self.positive} answered {self.decided}"

    @property
    def flagged(self) -> str:
        return f"{self.negative} answered {self.decided}"

    def decided_from(self, threshold: float) -> str:
        return f"{self.decided} from {shown_percent(threshold)}"
