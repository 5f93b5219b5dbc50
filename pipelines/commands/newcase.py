"""A case of a user's own data, written as a block of `params.yaml`: no Python needed."""

import re
from pathlib import Path
from typing import Any

from components.core.blocks import Block, read_block
from components.core.errors import CasebookError
from components.core.files import file_digest, nearest_path, whole_file
from components.core.params.case import CaseParams, Params
from components.core.params.load import load_params, stated_block, whole_block
from components.core.params.overrides import override
from components.core.recipe import load_recipe
from components.core.yaml_files import dump_yaml, read_yaml
from pipelines.commands.newasked import Asked
from pipelines.commands.newplans import PLANS, as_by_default
from pipelines.commands.newrecipes import pick

EXAMPLES = "examples"  # ready blocks, in the checkout
NAME = re.compile(r"[a-z][a-z0-9_]*")
LONGEST = 60  # characters: a name is part of folders' and files' names, and of MLflow's
UNKNOWN_ORIGIN = {"licence": "unknown; say it here", "citation": "unknown; say it here"}


class Profile(Block):
    """A case that is `like` one of `params.yaml` but for the `values` of dotted keys, such as what suits a GPU."""

    like: str
    values: dict[str, Any]


def new_case(
    root: Path, name: str, like: str | None, csv: Path, asked: Asked, recipe: str | None = None
) -> dict[str, Any]:
    """Add the block to `params.yaml`, after checking that the whole file is still right; returns it.

    Raises:
        CasebookError: as `plan_case`.
    """
    block = plan_case(root, name, like, csv, asked, recipe)
    write_case(root, name, block)
    return block


def plan_case(
    root: Path, name: str, like: str | None, csv: Path, asked: Asked, recipe: str | None = None
) -> dict[str, Any]:
    """The block that `new_case` would add: like a case, or of a recipe, or of the one that fits what is asked.

    Raises:
        CasebookError: the name is taken or not of the form `a_name`, `like` is no case of tables
            or of another outcome than asked for, the recipe must be asked, or the file is not fit to learn from.
    """
    check_name(load_params(root / "params.yaml"), name)
    if not csv.is_file():
        raise CasebookError(f"{csv}: not found; --csv names the file to learn from{nearest_path(csv)}")
    recipe = recipe if like is not None or recipe is not None else pick(csv, asked)
    block = pattern(root, name, like or shipped(root, str(recipe)))
    if (plan := PLANS.get(block["recipe"])) is None:
        raise CasebookError(
            f"{like or recipe!r} is no case of tables; take --recipe {', '.join(PLANS)}; events (--recipe next_item) "
            "are read from a file, --csv"
        )
    planned = plan(block if like is not None else as_by_default(block), csv, asked)
    return {**planned, "source": _source(csv, root, planned["prepare"]["file"])}


def plan_example(root: Path, name: str, file: Path) -> dict[str, Any]:
    """The block of a ready case that a file such as `examples/blood_cells.yaml` holds, or of a case of `params.yaml`
    with the values that a file such as `examples/pinyin_hanzi_gpu.yaml` sets.

    Raises:
        CasebookError: the name is taken or unfit, or the file is missing or neither.
    """
    params = load_params(root / "params.yaml")
    check_name(params, name)
    if not file.is_file():
        raise CasebookError(f"{file}: not found; --from names a file with a case's block{nearest_path(file)}")
    if not _is_profile(content := read_yaml(file)):
        return read_example(file).model_dump(mode="json")
    profile = read_block(Profile, content, file.name)
    return override(params.case(profile.like), profile.values).model_dump(mode="json")


def new_example(root: Path, name: str, file: Path) -> dict[str, Any]:
    """Add the block of `plan_example` to `params.yaml`, a whole one as it is written in the file, comments and all;
    returns it.
    """
    block = plan_example(root, name, file)
    write_case(root, name, block, None if _is_profile(read_yaml(file)) else file.read_text(encoding="utf-8"))
    return block


def read_example(file: Path) -> CaseParams:
    """Raises CasebookError if the file is no whole block of a case."""
    return read_block(CaseParams, whole_block(read_yaml(file), file.name), file.name)


def _is_profile(content: Any) -> bool:
    return isinstance(content, dict) and "like" in content


def shipped(root: Path, recipe: str) -> str:
    """The case of `params.yaml`, or else the example, that shows what a block of the recipe looks like.

    Raises:
        CasebookError: there is no such recipe, or nothing of it to take for a pattern.
    """
    load_recipe(recipe)
    cases = load_params(root / "params.yaml").cases
    examples = [path for path in sorted((root / EXAMPLES).glob("*.yaml")) if not _is_profile(read_yaml(path))]
    found = [name for name, case in cases.items() if case.recipe == recipe]
    found += [path.stem for path in examples if read_example(path).recipe == recipe]
    if not found:
        raise CasebookError(
            f"params.yaml: no case of the recipe {recipe!r}, nor an example in {EXAMPLES}/, that a new one could be "
            "like; write its first block by hand, see docs/adding-a-recipe.md"
        )
    return found[0]


def pattern(root: Path, name: str, like: str) -> dict[str, Any]:
    """The block of the case or of the example `like`, for a new case `name`: its gate asks for the baselines and the
    champion, and floors are for who knows the data to add.

    Raises:
        CasebookError: the name is taken or not of the form `a_name`, or `like` is neither.
    """
    params = load_params(root / "params.yaml")
    check_name(params, name)
    example = root / EXAMPLES / f"{like}.yaml"
    found = read_example(example) if like not in params.cases and example.is_file() else params.case(like)
    # What a model of other rows must reach, and what its gate has let pass, says nothing of these.
    release = found.release.model_dump(mode="json", exclude_unset=True) | {"floors": {}, "overrides": []}
    return found.model_dump(mode="json") | {"start": None, "release": release}


def write_case(root: Path, name: str, block: dict[str, Any], text: str | None = None) -> None:
    """Put what the whole block must state, or the `text` that it was read from, at the end of `cases` in `params.yaml`.

    Raises:
        CasebookError: the whole file would not be right; it stays as it was.
    """
    path = root / "params.yaml"
    stated = text or dump_yaml(stated_block(block, path.name))
    whole = _insert(path.read_text(encoding="utf-8"), name, stated)
    with whole_file(path) as temporary:
        temporary.write_text(whole, encoding="utf-8")
        load_params(temporary, path.name)


def shown_path(path: Path, root: Path) -> str:
    """As it counts from the checkout, or in full where it is elsewhere."""
    here = path.resolve()
    return here.relative_to(root.resolve()).as_posix() if here.is_relative_to(root.resolve()) else str(here)


def check_name(params: Params, name: str) -> None:
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise CasebookError(
            f"{name[: LONGEST + 1]!r} cannot name a case: use at most {LONGEST} small letters, digits and _, such as "
            "`my_loans`"
        )
    if name in params.cases:
        raise CasebookError(f"params.yaml has a case {name!r} already; remove its block first, or take another name")


def _source(csv: Path, root: Path, name: str) -> dict[str, Any]:
    shown = shown_path(csv, root)
    return {
        "kind": "file",
        "path": shown,
        "watch": shown,
        "beside": {},
        "to": name,
        "sha256": file_digest(csv),
        **UNKNOWN_ORIGIN,
    }


def _insert(text: str, name: str, stated: str) -> str:
    """`params.yaml` with the block at the end of `cases`; every other line as it was."""
    lines = text.splitlines(keepends=True)
    start = next(place for place, line in enumerate(lines) if line.startswith("cases:"))
    end = next((place for place in range(start + 1, len(lines)) if re.match(r"\S", lines[place])), len(lines))
    while lines[end - 1].strip() == "" or lines[end - 1].startswith("#"):
        end -= 1
    written = f"{name}:\n" + "".join(f"  {line}\n" for line in stated.splitlines())
    indented = "".join(f"  {line}".rstrip() + "\n" for line in written.splitlines())
    return "".join(lines[:end]) + "\n" + indented + "".join(lines[end:])
