"""Files of prepared users and items, and the features in them."""

from dataclasses import dataclass
from typing import Any

USERS, ITEMS, TIES = "users.parquet", "items.parquet", "ties.parquet"
UNKNOWN = "(unknown)"  # the label of code 0 of every feature


@dataclass(frozen=True)
class Feature:
    """A column of codes: `labels[code]` says what each of the `size` codes means, 0 being unknown."""

    name: str
    kind: str
    size: int
    labels: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "kind": self.kind, "size": self.size, "labels": list(self.labels)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Feature":
        return cls(content["name"], content["kind"], content["size"], tuple(content["labels"]))
