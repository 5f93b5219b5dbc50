"""Classes that differ in case, blanks or width alone, as one: each is written as the table it was learned from did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


def folded(text: pa.Array) -> pa.Array:
    """Texts (N,) without what case, width and blanks say: `Ｒｅｎｔ`, `RENT` and `rent` alike."""
    plain = pc.utf8_lower(pc.utf8_normalize(text, form="NFKC"))
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"\s+", " "))


def written(text: pa.Array, listed: Iterable[str] = ()) -> dict[str, str]:
    """How each folded class of the texts (N,) is written: as `listed` has it, else most often; of equals, the first by
    name.
    """
    counted = text.drop_null().value_counts()
    counts = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
    ordered = [name for name, _ in sorted(counts, key=lambda item: (-item[1], item[0]))]
    names = pa.array([*dict.fromkeys([*listed, *ordered])], pa.large_string())
    found: dict[str, str] = {}
    for key, name in zip(folded(names).to_pylist(), names.to_pylist(), strict=True):
        found.setdefault(key, name)
    return found


@dataclass(frozen=True)
class Spelling:
    """Texts (N,) of a column as they are written in training; those that are no class of it stay as they are."""

    keys: pc.SetLookupOptions
    names: pa.Array

    @classmethod
    def of(cls, found: Mapping[str, str]) -> "Spelling":
        """By what `written` found."""
        keys, names = (pa.array(list(part), pa.large_string()) for part in (found.keys(), found.values()))
        return cls(pc.SetLookupOptions(keys), names)

    def __call__(self, text: pa.Array) -> pa.Array:
        place = pc.index_in(folded(text), options=self.keys)
        return pc.coalesce(self.names.take(place), text)
