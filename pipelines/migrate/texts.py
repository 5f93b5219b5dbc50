"""Files with blocks of the form before recipes, rewritten: other lines stay, and comments of keys that are stated."""

import io
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from components.core.errors import CasebookError
from components.core.params.load import stated_block
from components.core.params.old import is_old, is_old_key
from components.core.yaml_files import dump_yaml, parse_yaml, styled
from pipelines.leaving.text import entry_lines, pairs, read
from pipelines.migrate.forms import new_name, renewed


def migrated_params(text: str, where: str) -> tuple[str, list[str]]:
    """A whole `params.yaml`, and the cases that were rewritten in it.

    Raises:
        CasebookError: as `renewed`.
    """
    cases = parse_yaml(text, where).get("cases", {})
    names = [name for name in cases if is_old(cases[name])]
    lines = text.splitlines(keepends=True)
    for name in reversed(names):
        key = next(key for key, _ in pairs(read(text), "cases") if key.value == name)
        start, end = entry_lines(text, ("cases",), name)
        indent = " " * (key.start_mark.column + 2)
        body = "".join(line.removeprefix(indent) if line.strip() else line for line in lines[start + 1 : end])
        new = migrated_block(body, f"{where}: cases.{name}")
        blank = [line for line in lines[start + 1 : end] if not line.strip()][-1:] if not lines[end - 1].strip() else []
        lines[start + 1 : end] = [f"{indent}{line}\n" for line in new.splitlines()] + blank
    return "".join(lines), names


def migrated_block(text: str, where: str) -> str:
    """One block, as it stands alone in a file of examples."""
    stated = stated_block(renewed(parse_yaml(text, where), where), where)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    _fit(document, stated)
    written = io.StringIO()
    yaml.dump(document, written)
    found = written.getvalue()
    return found if parse_yaml(found, where) == stated else dump_yaml(stated)


def migrated_file(text: str, where: str) -> str | None:
    """An example or a profile in the form of today, or None where it is so already."""
    content = parse_yaml(text, where)
    if is_old(content):
        return migrated_block(text, where)
    values = content.get("values") if isinstance(content, dict) else None
    if not isinstance(values, dict):
        return None
    if isinstance(values.get("compress.variants"), list):
        raise CasebookError(f"{where}: values: write compress.variants as a map, a variant's name to its params")
    old = {key: new_name(key) for key in values if is_old_key(key)}
    if not old:
        return None
    lines = text.splitlines(keepends=True)
    for key, _ in pairs(read(text), "values"):
        if key.value in old:
            at, column = key.start_mark.line, key.start_mark.column
            lines[at] = lines[at][:column] + lines[at][column:].replace(key.value, old[key.value], 1)
    return "".join(lines)


def _fit(document: CommentedMap, stated: dict[str, Any]) -> None:
    """Make `document` say `stated`, and keep what it can of it: its keys' comments, quotes and widths."""
    for key in [key for key in document if key not in stated]:
        del document[key]
    for place, (key, value) in enumerate(stated.items()):
        if key not in document:
            document.insert(place, key, styled(value))
        elif isinstance(value, dict) and isinstance(document[key], CommentedMap):
            _fit(document[key], value)
        elif document[key] != value:
            document[key] = styled(value)
    _unfold(document)


def _unfold(node: Any) -> None:
    """DVC takes the quotes of a text with a colon away: in a line of its own it can be read without them."""
    below = node.values() if isinstance(node, dict) else node
    texts = [*node, *below] if isinstance(node, dict) else below
    for value in below:
        if isinstance(value, CommentedMap | CommentedSeq):
            _unfold(value)
    if any(_needs_lines(text) for text in texts):
        node.fa.set_block_style()


def _needs_lines(node: Any) -> bool:
    if isinstance(node, CommentedMap | CommentedSeq):
        return bool(node) and not node.fa.flow_style()
    return isinstance(node, str) and ":" in node
