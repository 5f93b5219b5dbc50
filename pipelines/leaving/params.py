"""`params.yaml` without a case, or with a case under another name; all else in it stays byte for byte."""

from pathlib import Path

from yaml.nodes import SequenceNode

from components.core.errors import CasebookError
from components.core.files import whole_file
from components.core.forgotten import FORGOTTEN
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


def add_forgotten(root: Path, case: str, digest: str) -> bool:
    """Add the digest to the case's `prepare.forgotten`; whether it was not there yet.

    Raises:
        CasebookError: the case's block has no `prepare` of its own, or a list that is not in brackets.
    """
    text = _text(root)
    prepare = pairs(read(text), "cases", case, "prepare")
    if not prepare:
        raise CasebookError(f"{FILE}: cases.{case}: has no block prepare; write it, then run this again")
    listed = next((value for key, value in prepare if key.value == FORGOTTEN), None)
    if listed is None:
        first = prepare[0][0].start_mark
        block = text[text.rindex("\n", 0, first.index) + 1 : first.index].strip() == ""
        then = "\n" + " " * first.column if block else ", "
        _write(root, applied(text, [(first.index, first.index, f"{FORGOTTEN}: [{digest}]{then}")]))
        return True
    if digest in [item.value for item in listed.value]:
        return False
    if not isinstance(listed, SequenceNode) or not listed.flow_style:
        raise CasebookError(f"{FILE}: cases.{case}.prepare.{FORGOTTEN}: write it as [a, b], then run this again")
    known = ", ".join([*(item.value for item in listed.value), digest])
    _write(root, applied(text, [(listed.start_mark.index, listed.end_mark.index, f"[{known}]")]))
    return True


def _text(root: Path) -> str:
    return (root / FILE).read_bytes().decode()


def _write(root: Path, text: str) -> None:
    """The whole file, after a look whether it is right."""
    with whole_file(root / FILE) as temporary:
        temporary.write_bytes(text.encode())
        load_params(temporary, FILE)
