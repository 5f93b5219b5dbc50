"""`params.yaml`, read once and passed whole: each case with the defaults of its recipe."""

from pathlib import Path
from typing import Any

from components.core.blocks import read_block
from components.core.errors import CasebookError
from components.core.params.case import CaseParams, Params
from components.core.params.defaults import defaults_of, merge, minimal, same, shapes_of
from components.core.params.dotted import names_key, place_of
from components.core.params.old import is_old, waivers
from components.core.recipe_names import recipes
from components.core.yaml_files import read_yaml


def load_params(path: Path, name: str | None = None) -> Params:
    """Read and check a whole `params.yaml`; `name` is the file's in messages, where it is to take another's place.

    Raises:
        CasebookError: the file is missing, is not YAML, or has an unknown key, a missing key or
            a value of the wrong type, each named by its dotted path; or a case starts in the end from itself.
    """
    content, where = _content(path), name or path.name
    _refuse_old(content, path)
    params = read_block(Params, _whole(content, where), where)
    for case, block in params.cases.items():
        _check_smoke(case, block)
        params.before(case)
    return params


def load_case(path: Path, name: str) -> CaseParams:
    """Read and check one case, for who needs no other: no other recipe is looked at.

    Raises:
        CasebookError: as `load_params`; there is no such case.
    """
    content = _content(path)
    _refuse_old(content, path)
    cases = content.get("cases") if isinstance(content, dict) else None
    one = {name: cases[name]} if isinstance(cases, dict) and name in cases else cases
    only = {**content, "cases": one} if isinstance(content, dict) else content
    return read_block(Params, _whole(only, path.name), path.name).case(name)


def read_whole(path: Path) -> dict[str, Any]:
    """What a `params.yaml` holds, unchecked, with the defaults that its cases do not state.

    Raises:
        CasebookError: it is missing or no YAML, or a case is of a recipe that there is not.
    """
    whole: dict[str, Any] = _whole(_content(path), path.name)
    return whole


def whole_block(stated: Any, where: str) -> Any:
    """A case's block with the defaults that it does not state; what is no block of a known form stays as it is.

    Raises:
        CasebookError: its recipe is none.
    """
    if not isinstance(stated, dict) or not isinstance(recipe := stated.get("recipe"), str):
        return stated
    whole = merge(defaults_of(recipe, where), stated, case_shape(recipe, where))
    mine, smoke = stated.get("smoke"), whole.get("smoke")
    if isinstance(smoke, dict):  # the defaults' keys may name what this case has taken out, such as a variant
        whole["smoke"] = {key: smoke[key] for key in smoke if key in (mine or ()) or names_key(whole, key)}
    return whole


def stated_block(whole: dict[str, Any], where: str) -> dict[str, Any]:
    """The least that a case must state for `whole_block` to give `whole`.

    Raises:
        CasebookError: it cannot be stated, since null takes an entry out where `whole` wants one that is null.
    """
    recipe = whole["recipe"]
    stated = minimal(defaults_of(recipe, where), whole, case_shape(recipe, where))
    smoke = {key: value for key, value in stated.pop("smoke", {}).items() if value is not None or key in whole["smoke"]}
    out = [key for key in defaults_of(recipe, where).get("smoke", {}) if key not in whole.get("smoke", {})]
    smoke |= {key: None for key in out if names_key(whole, key)}
    if smoke:
        stated["smoke"] = smoke
    if not same(_sorted(whole_block(stated, where)), _sorted(whole)):
        raise CasebookError(
            f"{where}: the block cannot be stated beside the defaults of {recipe!r}; leave out its nulls"
        )
    return stated


def _sorted(node: Any) -> Any:
    return {key: _sorted(node[key]) for key in sorted(node)} if isinstance(node, dict) else node


def case_shape(recipe: str, where: str) -> dict[str, Any]:
    """The types of all blocks of a case of the recipe."""
    fields = {name: field.annotation for name, field in CaseParams.model_fields.items()}
    return shapes_of(recipe, fields, where)


def _whole(content: Any, where: str) -> Any:
    cases = content.get("cases") if isinstance(content, dict) else None
    if not isinstance(cases, dict):
        return content
    for name, case in cases.items():
        if isinstance(case, dict) and "recipe" not in case:
            raise CasebookError(
                f"{where}: 1 key(s) are wrong; edit them:\n  params.cases.{name}.recipe: missing; "
                f"there are: {', '.join(recipes())}"
            )
    return {**content, "cases": {name: whole_block(case, where) for name, case in cases.items()}}


def _content(path: Path) -> Any:
    try:
        return read_yaml(path)
    except FileNotFoundError:
        raise CasebookError(f"{path}: not found; run this in the root of a checkout") from None


def _check_smoke(name: str, case: CaseParams) -> None:
    """Raises CasebookError if a key of `smoke` names none of the case."""
    content = case.model_dump(mode="python")
    for dotted in case.smoke:
        place_of(content, dotted, f"params.yaml: cases.{name}.smoke")


def _refuse_old(content: Any, path: Path) -> None:
    """Say of blocks of an older form what to do about all of them at once.

    Raises:
        CasebookError: there are some.
    """
    cases = content.get("cases") if isinstance(content, dict) else None
    old = [name for name, case in cases.items() if is_old(case)] if isinstance(cases, dict) else []
    if old:
        raise CasebookError(
            f"{path}: {len(old)} case(s) are of the form before recipes, such as {old[0]!r}: `casebook migrate` "
            "rewrites them, `casebook migrate --dry-run` says what it would do"
        )
    waived = [name for name, case in cases.items() if waivers(case)] if isinstance(cases, dict) else []
    if waived:
        raise CasebookError(
            f"{path}: {len(waived)} case(s) have release.allow_dirty or release.waive_champion, such as {waived[0]!r}: "
            "these are overrides now; `casebook migrate` takes them out, or says what to write instead"
        )
