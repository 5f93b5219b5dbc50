"""`params.yaml` without a case, or with a case under another name; all else in it stays byte for byte."""

from pathlib import Path

from components.core.files import whole_file
from components.core.params.load import load_params
from pipelines.leaving.text import applied, pairs, read, replaced, without

FILE = "params.yaml"
PLACES = (("cases",), ("operate", "cases"))  # where a case has a block


def blocks_of(root: Path, case: str) -> list[str]:
    """Dotted names of the case's blocks."""
    node = read(_text(root))
    return [".".join((*place, case)) for place in PLACES if any(key.value == case for key, _ in pairs(node, *place))]


def forget_case(root: Path, case: str) -> None:
    """Cut the case's blocks out, with the comments above and inside them.

    Raises:
        CasebookError: something else refers to what would be cut out.
    """
    text = _text(root)
    for place in PLACES:
        text = without(text, place, lambda name: name == case)
    _write(root, text)


def rename_case(root: Path, old: str, new: str) -> None:
    """Give the case's blocks another key, where they stand."""
    text = _text(root)
    node = read(text)
    keys = [key for place in PLACES for key, _ in pairs(node, *place) if key.value == old]
    _write(root, applied(text, [replaced(text, key, new) for key in keys]))


def _text(root: Path) -> str:
    return (root / FILE).read_bytes().decode()


def _write(root: Path, text: str) -> None:
    """The whole file, after a look whether it is right."""
    with whole_file(root / FILE) as temporary:
        temporary.write_bytes(text.encode())
        load_params(temporary, FILE)
