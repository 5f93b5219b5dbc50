"""Edits of a YAML file that leave every other byte as it is: comments, quotes, order, widths."""

from collections.abc import Callable, Iterator
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from components.core.errors import CasebookError
from components.core.yaml_files import parse_yaml

Edit = tuple[int, int, str]  # from and to in characters, and what stands there instead
Pair = tuple[ScalarNode, Node]


def read(text: str) -> Node | None:
    """The nodes of the text, which know where in it they stand."""
    return yaml.compose(text, Loader=yaml.SafeLoader)


def pairs(node: Node | None, *path: str) -> list[Pair]:
    """Keys and values of the mapping at `path`; empty if there is none."""
    for name in path:
        node = next((value for key, value in pairs(node) if key.value == name), None)
    return list(node.value) if isinstance(node, MappingNode) else []


def applied(text: str, edits: list[Edit]) -> str:
    """The text after all edits, which do not overlap."""
    for start, end, instead in sorted(edits, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def replaced(text: str, node: Node, instead: str) -> Edit:
    """Another scalar in the place of `node`, in its quotes if it has any."""
    start, end = node.start_mark.index, node.end_mark.index
    quote = text[start] if text[start] in "'\"" else ""
    return start, end, f"{quote}{instead}{quote}"


def without(text: str, path: tuple[str, ...], unwanted: Callable[[str], bool]) -> str:
    """The text without the entries of the mapping at `path` whose key is unwanted.

    An entry goes with the comments directly above its key. Where none is left the mapping is `{}`.

    Raises:
        CasebookError: the entries cannot be cut out: something else refers to them.
    """
    node = read(text)
    found = pairs(node, *path)
    gone = [index for index, (key, _) in enumerate(found) if unwanted(key.value)]
    if not gone:
        return text
    parent = next(value for key, value in pairs(node, *path[:-1]) if key.value == path[-1])
    flow = isinstance(parent, MappingNode) and parent.flow_style
    edits = list(_from_flow(found, gone) if flow else _from_lines(text, found, gone))
    if len(gone) == len(found) and not flow:
        parent_key = next(key for key, _ in pairs(node, *path[:-1]) if key.value == path[-1])
        after = text.index(":", parent_key.end_mark.index) + 1
        edits.append((after, after, " {}"))
    result = applied(text, edits)
    _check(text, result, path, unwanted)
    return result


def _from_flow(found: list[Pair], gone: list[int]) -> Iterator[Edit]:
    """Between braces each entry is cut up to the next one, and the last from the end of the one before it."""
    kept = [index for index in range(len(found)) if index not in gone]
    for index in gone:
        start, end = found[index][0].start_mark.index, found[index][1].end_mark.index
        if kept and index > kept[-1]:
            start = found[index - 1][1].end_mark.index
        elif index + 1 < len(found):
            end = found[index + 1][0].start_mark.index
        yield start, end, ""


def _from_lines(text: str, found: list[Pair], gone: list[int]) -> Iterator[Edit]:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for index in gone:
        first, last = _head(lines, found[index][0]), _end(lines, found[index], found[index + 1 : index + 2])
        if index + 1 < len(found):
            while last < len(lines) and not lines[last].strip():
                last += 1
        else:
            while index and first and not lines[first - 1].strip():
                first -= 1
        yield starts[first], starts[last], ""


def entry_lines(text: str, path: tuple[str, ...], name: str) -> tuple[int, int]:
    """The line of the key `name` of the mapping at `path`, and the one after the last that is of its entry."""
    found = pairs(read(text), *path)
    index = next(index for index, (key, _) in enumerate(found) if key.value == name)
    lines = text.splitlines(keepends=True)
    return found[index][0].start_mark.line, _end(lines, found[index], found[index + 1 : index + 2])


def _head(lines: list[str], key: ScalarNode) -> int:
    """The first of the lines of comment that stand directly above the key."""
    first = key.start_mark.line
    while first and _comment_at(lines[first - 1]) == key.start_mark.column:
        first -= 1
    return first


def _end(lines: list[str], entry: Pair, following: list[Pair]) -> int:
    """The line after the entry's last; a comment that is indented further than the key is the entry's own."""
    key, value = entry
    last = following[0][0].start_mark.line if following else _after(value)
    while last > key.start_mark.line + 1:
        column = _comment_at(lines[last - 1])
        if lines[last - 1].strip() and (column is None or column > key.start_mark.column):
            break
        last -= 1
    while last < len(lines) and (_comment_at(lines[last]) or 0) > key.start_mark.column:
        last += 1
    return last


def _after(node: Node) -> int:
    """The line after the last thing in the node: the end of a block is only where the next one begins."""
    while isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last: Any = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.line + (1 if node.end_mark.column else 0))


def _comment_at(line: str) -> int | None:
    """The column of a line that is a comment and nothing else."""
    bare = line.lstrip(" ")
    return len(line) - len(bare) if bare.startswith("#") else None


def _check(before: str, after: str, path: tuple[str, ...], unwanted: Callable[[str], bool]) -> None:
    """Nothing else may read as another thing than before: an anchor, say, may have stood in what was cut."""
    try:
        found, expected = parse_yaml(after, "the text"), parse_yaml(before, "the text before")
    except CasebookError as error:
        raise CasebookError(f"{'.'.join(path)}: cannot be cut out, something else needs it: {error}") from None
    node = expected
    for name in path:
        node = node[name]
    for name in [name for name in node if unwanted(str(name))]:
        del node[name]
    if found != expected:
        raise CasebookError(f"{'.'.join(path)}: cannot be cut out by line; edit the file by hand, then run this again")
