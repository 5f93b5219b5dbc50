"""YAML that a person or DVC writes, read by YAML 1.2 as DVC reads it: `no` is a text, and `1e-4` a number."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent

from components.core.errors import CasebookError

WIDTH = 120
SHORT = 90  # characters of what may stand in one line
DEEPEST = 50  # blocks in one another
MOST = 100_000  # keys and values, each counted as often as aliases have it
# What only a deep text has: read before it is parsed, which takes a call of C's for each block.
STEEP = re.compile(rf"(?:[-?:] ){{{DEEPEST}}}|^ {{{2 * DEEPEST}}}", re.MULTILINE)


def read_yaml(path: Path) -> Any:
    """What a file holds.

    Raises:
        CasebookError: it is not UTF-8, is no YAML, or has a key twice; a missing file is a FileNotFoundError.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise CasebookError(f"{path}: not YAML: it is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> Any:
    """What a text holds; `where` is the file's name in the message.

    Raises:
        CasebookError: it is no YAML, has a key twice, is nested too deeply, or grows too large by its aliases.
    """
    try:
        _check_depth(text, where)
        found = YAML(typ="safe").load(text)
        if "*" in text and "&" in text:
            _check_size(found, where)
        return found
    except DuplicateKeyError as error:
        key = re.search(r'duplicate key "(.*?)" with value', error.problem or "", re.DOTALL)
        raise CasebookError(
            f"{where}: line {error.problem_mark.line + 1}: the key {key[1] if key else '?'!r} stands twice in its "
            "block; remove one of them"
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise CasebookError(f"{where}: not YAML: {error.problem or error.context}{place}") from None
    except YAMLError as error:
        raise CasebookError(f"{where}: not YAML: {error}") from None


def _check_depth(text: str, where: str) -> None:
    """Count the blocks that are open at once, where there could be too many."""
    depth = deepest = 0
    for found in re.finditer(r"[\[\]{}]", text):
        depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    if deepest <= DEEPEST and not STEEP.search(text):
        return
    depth = 0
    for event in YAML(typ="safe").parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            line = event.start_mark.line + 1
            raise CasebookError(f"{where}: line {line}: more than {DEEPEST} blocks in one another; make it flatter")


def _check_size(found: Any, where: str) -> None:
    """Some lines of aliases of aliases can stand for more than a memory holds, or for themselves."""
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if not isinstance(node, dict | list):
            return 1
        if id(node) in sizes:
            return sizes[id(node)]
        sizes[id(node)] = MOST + 1  # until it is known: of one that holds itself
        values = node.values() if isinstance(node, dict) else node
        sizes[id(node)] = 1 + sum(map(size, values))
        return sizes[id(node)]

    if size(found) > MOST:
        raise CasebookError(f"{where}: its aliases (*name) stand for more than {MOST:,} values; write them out")


def dump_yaml(content: Any) -> str:
    """YAML 1.2 that `parse_yaml` reads as `content`, and so after DVC has rewritten it for `dvc exp run -S`.

    What is short stands in one line, if no text in it has a colon: DVC would take the quotes away there, and could
    not read the file any more.
    """
    yaml = YAML()
    yaml.width = WIDTH
    yaml.allow_unicode = True
    yaml.representer.ignore_aliases = lambda *_: True
    written = io.StringIO()
    yaml.dump(styled(content), written)
    return written.getvalue()


def flow(value: Any) -> str:
    """A value in one line, as it could stand in a file."""
    yaml = YAML()
    yaml.default_flow_style = True
    yaml.width = 1_000_000
    written = io.StringIO()
    yaml.dump([value], written)
    return written.getvalue().strip()[1:-1]


def styled(node: Any) -> Any:
    """The same as ruamel writes it: what is short in one line, and the rest a line a key."""
    if not isinstance(node, dict | list | tuple):
        return node
    found: Any
    if isinstance(node, dict):
        found = CommentedMap((key, styled(value)) for key, value in node.items())
    else:
        found = CommentedSeq(styled(value) for value in node)
    if _fits_a_line(node):
        found.fa.set_flow_style()
    else:
        found.fa.set_block_style()
    return found


def _fits_a_line(node: Any) -> bool:
    """Whether a map or list is short and at most two deep, or a list of scalars, and has no text with a colon."""
    below = list(_below(node))
    if any(isinstance(item, str) and ":" in item for _, item in below):
        return False
    depth = max((depth for depth, _ in below), default=0)
    if depth == 1 and not isinstance(node, dict):
        return True
    return depth <= 2 and sum(len(str(item)) + 2 for _, item in below) <= SHORT


def _below(node: Any, depth: int = 1) -> Iterator[tuple[int, Any]]:
    """Keys and scalars below a node, each with its depth."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(node, dict):
            yield depth, key
        if isinstance(value, dict | list | tuple):
            yield from _below(value, depth + 1)
        else:
            yield depth, value
