"""Options of a case's own in `casebook predict`: `--option top=10`, or `--top 10` for short."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from components.core.errors import CasebookError, nearest

if TYPE_CHECKING:
    from components.core.blocks import Block

OPTION = "--option"


class CommandOfCase(TyperCommand):
    """A command that takes `--NAME VALUE` for `--option NAME=VALUE` where it has no option NAME; for `CASE --help` it
    tells of those that the case declares.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if "--help" in args:
            self.epilog = _of_case(args)
        own = {name for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        return super().parse_args(ctx, list(spelled_out(args, own, lambda: _flags(args))))


def spelled_out(
    words: Iterable[str], own: Iterable[str], flags: Callable[[], Container[str]] = frozenset
) -> Iterator[str]:
    """The words of a command with `--NAME VALUE` and `--NAME=VALUE` as `--option NAME=VALUE`, but for `own` options.

    `flags` gives the names of those that are true by being there.

    Raises:
        typer.BadParameter: the value of such an option is missing.
    """
    known, rest = set(own), iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            yield from (word, *rest)
        elif not name.startswith("--") or name in known:
            yield word
        elif not equals and name in flags():
            yield from (OPTION, f"{name.removeprefix('--')}=true")
        else:
            if not equals and (value := next(rest, "--")).startswith("--"):
                raise typer.BadParameter(f"option {name!r} requires an argument")
            yield from (OPTION, f"{name.removeprefix('--')}={value}")


def read_options(case: str, declared: "type[Block] | None", given: Sequence[str]) -> dict[str, Any]:
    """The values of `NAME=VALUE` by the names of the declared block's fields; the last one counts.

    Raises:
        CasebookError: the case declares no such option, or the value does not fit it.
    """
    pairs = [one.partition("=") for one in given]
    if bare := [name for name, equals, _ in pairs if not equals]:
        raise CasebookError(f"{OPTION} {bare[0]}: write it as NAME=VALUE, such as {OPTION} {bare[0]}=10")
    known = [] if declared is None else [shown(name) for name in declared.model_fields]
    values = {shown(name): value for name, _, value in pairs}
    if unknown := sorted(values.keys() - set(known)):
        those = ", ".join(f"--{name}" for name in unknown)
        all_of = ", ".join(f"--{name}" for name in sorted(known)) or "no options of its own"
        raise CasebookError(
            f"{case}: predict does not take {those} for this case; it takes {all_of}{nearest(unknown[0], known)}"
        )
    return {} if declared is None else _checked(declared, values)


def _checked(declared: "type[Block]", values: dict[str, str]) -> dict[str, Any]:
    from pydantic import ValidationError

    fields = {name: values[shown(name)] for name in declared.model_fields if shown(name) in values}
    try:
        block = declared.model_validate_strings(fields)
    except ValidationError as error:
        problems = [f"--{shown(str(one['loc'][0]))}: {one['msg']}, not {one['input']!r}" for one in error.errors()]
        raise CasebookError("; ".join(problems)) from None
    return {name: getattr(block, name) for name in fields}


def shown(field: str) -> str:
    """A field's name as an option is spelled."""
    return field.replace("_", "-")


def _of_case(words: Sequence[str]) -> str | None:
    """What there is to say of the options of the case that the words name, if they name one."""
    name, declared = _declared(words)
    if name is None:
        return None
    fields = {} if declared is None else declared.model_fields
    said = "; ".join(f"--{shown(field)}: {info.description}" for field, info in fields.items())
    return f"Options of {name}: {said or 'none of its own'}"


def _flags(words: Sequence[str]) -> frozenset[str]:
    """Those of every recipe, so that one which this case does not take is refused as such, and not for its value."""
    from components.core.recipe import load_recipe, recipes

    blocks = [*(load_recipe(name).options for name in recipes()), _declared(words)[1]]
    fields = {field: info for block in blocks if block is not None for field, info in block.model_fields.items()}
    return frozenset(f"--{shown(field)}" for field, info in fields.items() if info.annotation is bool)


def _declared(words: Sequence[str]) -> "tuple[str | None, type[Block] | None]":
    """The case that the words name, and the options that it declares."""
    from components.core.params.load import load_params
    from components.core.recipe import recipe_of
    from pipelines.commands.shared import job_of

    try:
        cases = load_params(Path("params.yaml")).cases
        name = next((word for word in words if word in cases), None)
        return name, None if name is None else recipe_of(job_of(name)).options
    except CasebookError:
        return None, None
