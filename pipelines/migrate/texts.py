"""Files with blocks of an older form, rewritten: other lines stay, and comments of keys that are stated."""

import io
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.representer import RoundTripRepresenter
from yaml.nodes import CollectionNode

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.core.job import Paths
from components.core.params.case import CaseParams
from components.core.params.load import stated_block
from components.core.params.old import CODE, WAIVERS, is_old, is_old_key, waivers
from components.core.recipe import make_job
from components.core.yaml_files import dump_yaml, parse_yaml, styled
from pipelines.leaving.text import applied, entry_lines, pairs, read, replaced, without
from pipelines.migrate.forms import check_waivers, is_of, new_name, renewed

RECIPE, START = "recipe", "start"
COMMENT = re.compile(r"\s*(#.*)?")
NONE: Mapping[str, Collection[str]] = MappingProxyType({})


def migrated_params(text: str, where: str) -> tuple[str, list[str]]:
    """A whole `params.yaml`, and the cases that were rewritten in it.

    Raises:
        CasebookError: as `renewed`; a case of the old form is written between braces.
    """
    cases = parse_yaml(text, where).get("cases", {})
    names = [name for name in cases if is_old(cases[name]) or lacks_start(cases[name]) or waivers(cases[name])]
    for name in reversed(names):
        if is_old(cases[name]):
            text = _with_case(text, name, where)
            continue
        text = with_start(text, "cases", name) if lacks_start(cases[name]) else text
        text = without_waivers(text, cases[name], f"{where}: cases.{name}", "cases", name)
    return text, names


def _with_case(text: str, name: str, where: str) -> str:
    lines = text.splitlines(keepends=True)
    key, value = next((key, value) for key, value in pairs(read(text), "cases") if key.value == name)
    if isinstance(value, CollectionNode) and value.flow_style:
        raise CasebookError(f"{where}: cases.{name} is written between braces; write it with a line a key first")
    start, end = entry_lines(text, ("cases",), name)
    indent = " " * (key.start_mark.column + 2)
    body = "".join(line.removeprefix(indent) if line.strip() else line for line in lines[start + 1 : end])
    new = migrated_block(body, f"{where}: cases.{name}")
    blank = [line for line in lines[start + 1 : end] if not line.strip()][-1:] if not lines[end - 1].strip() else []
    lines[start + 1 : end] = [f"{indent}{line}\n" for line in new.splitlines()] + blank
    return "".join(lines)


def lacks_start(block: Any) -> bool:
    """Whether a block is of the time when it named its recipe and not yet the case that it starts from."""
    return isinstance(block, dict) and RECIPE in block and START not in block


def without_waivers(text: str, block: Any, where: str, *path: str) -> str:
    """The text without `release.allow_dirty` and `release.waive_champion` of the block at `path`.

    Raises:
        CasebookError: one of them is set.
    """
    check_waivers(block, where)
    return without(text, (*path, "release"), lambda key: key in WAIVERS) if waivers(block) else text


def with_start(text: str, *path: str) -> str:
    """The text with `start: null` after the recipe of the block at `path`."""
    key, value = next((key, value) for key, value in pairs(read(text), *path) if key.value == RECIPE)
    at = value.end_mark.index
    line, rest = text[:at].rpartition("\n")[2], text[at:].partition("\n")[0]
    if line[: key.start_mark.column].strip() or not COMMENT.fullmatch(rest):  # between braces
        return applied(text, [(at, at, f", {START}: null")])
    end = at + len(rest)
    return applied(text, [(end, end, f"\n{' ' * key.start_mark.column}{START}: null")])


def migrated_block(text: str, where: str) -> str:
    """One block, as it stands alone in a file of examples.

    Raises:
        CasebookError: as `renewed`; a key is missing or of the wrong type.
    """
    whole = renewed(parse_yaml(text, where), where)
    name = Path(where.rpartition("cases.")[2]).stem
    params = read_block(CaseParams, whole, f"params.cases.{name}", where)
    make_job(name, params, Paths(Path()))  # what is missing is no default's to fill in
    stated = stated_block(whole, where)
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    _fit(document, stated)
    written = io.StringIO()
    yaml.dump(document, written)
    found = written.getvalue()
    return found if parse_yaml(found, where) == stated else dump_yaml(stated)


def migrated_file(text: str, where: str, variants: Mapping[str, Collection[str]] = NONE) -> str | None:
    """An example or a profile in the form of today, or None where it is so already.

    `variants` has those of each case: what a profile says of one that its case does not make is left out, as nothing
    has read it.

    Raises:
        CasebookError: as `renewed`; a profile has a list of variants, or names modules.
    """
    content = parse_yaml(text, where)
    if is_old(content):
        return migrated_block(text, where)
    if lacks_start(content) or waivers(content):
        return without_waivers(with_start(text) if lacks_start(content) else text, content, where)
    if not isinstance(content, dict) or not isinstance(values := content.get("values"), dict):
        return None
    return _migrated_profile(text, where, values, variants.get(str(content.get("like"))))


def _migrated_profile(text: str, where: str, values: Any, variants: Collection[str] | None) -> str | None:
    if isinstance(values.get("compress.variants"), list):
        raise CasebookError(f"{where}: values: write compress.variants as a map, a variant's name to its params")
    if code := next((key for key in values if key == CODE or key.startswith(f"{CODE}.")), None):
        raise CasebookError(f"{where}: values: {code} names a module; put that into a recipe of your own")
    new = {key: new_name(key) for key in values if is_old_key(key) or is_old_key(f"{key}.")}  # a value or a whole block
    if not new:
        return None
    left = [key for key in new if variants is not None and not is_of(new[key], variants)]
    text = without(text, ("values",), lambda key: key in left) if left else text
    edits = [replaced(text, key, new[key.value]) for key, _ in pairs(read(text), "values") if key.value in new]
    return applied(text, edits)


class _Representer(RoundTripRepresenter):
    """Writes null by its name; ruamel leaves the place empty."""


_Representer.add_representer(type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null"))


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
