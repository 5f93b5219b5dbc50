"""Names of classes that differ in case or blanks alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from components.core.errors import CasebookError
from components.recipes.detection.preparation.records import ImageRecord

SHOWN = 3


def folded(name: str) -> str:
    return " ".join(normalize("NFKC", name).casefold().split())


def alike(records: Iterable[ImageRecord], stated: Sequence[str] | None = None) -> dict[str, str]:
    """The name that each class goes by where classes differ in case or blanks alone: the stated, or else the commonest;
    no entry for one that keeps its own.
    """
    counts = Counter(label for one in records for label in one.labels if label)
    groups: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts):
        groups[folded(label)].append(label)
    found = dict[str, str]()
    for key, labels in groups.items():
        named = [name for name in stated or () if folded(name) == key]
        if len(named) > 1:  # the block tells them apart
            continue
        name = named[0] if named else max(labels, key=lambda label: counts[label])
        found |= {label: name for label in labels if label != name}
    return found


def ask_of_classes(where: str, merged: dict[str, str], records: Iterable[ImageRecord]) -> None:
    """Raise if there are any classes to be merged, and nothing says whether they are.

    Raises:
        CasebookError: with the names, their counts, and what settles it.
    """
    if merged:
        counts = Counter(label for one in records for label in one.labels)
        raise CasebookError(
            f"{where}: {shown(merged, counts)}: the same class, or two? prepare.fold: true makes one of those that "
            "differ in case or blanks alone, false keeps them"
        )


def shown(merged: dict[str, str], counts: Counter[str]) -> str:
    pairs = [f"{label!r} ({counts[label]}) and {name!r} ({counts[name]})" for label, name in [*merged.items()][:SHOWN]]
    return f"{len(merged)} class(es) differ from another in case or blanks alone, such as {'; '.join(pairs)}"
