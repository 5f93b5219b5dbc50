"""`casebook run CASE -S KEY=VALUE`: the values checked here, the experiment run by DVC."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.core.errors import CasebookError, nearest
from components.core.job import AnyJob
from components.core.yaml_files import parse_yaml


def experiment_arguments(job: AnyJob, settings: list[str]) -> list[str]:
    """The arguments of `dvc` for an experiment with these `KEY=VALUE`, keys as the case's block has them.

    Raises:
        CasebookError: one is no KEY=VALUE, its key is unknown, or its value does not fit the key.
    """
    values = dict(_parsed(job, setting) for setting in settings)
    job.with_values(values)
    words = [word for key, value in values.items() for word in ("-S", f"++cases.{job.case}.{key}={in_hydra(value)}")]
    return ["exp", "run", *words, f"release@{job.case}"]


def _parsed(job: AnyJob, setting: str) -> tuple[str, Any]:
    key, separator, text = setting.partition("=")
    if not separator or not key:
        raise CasebookError(f"-S {setting}: write KEY=VALUE, such as fit.lr=0.003")
    known = list(keys_of(job.params.model_dump(mode="json")))
    if key not in known:
        raise CasebookError(f"-S {setting}: params.cases.{job.case} has no key {key!r}{nearest(key, known)}")
    if "@" in key:
        raise CasebookError(f"-S {setting}: DVC reads no key with an @; set {key} in params.yaml")
    return key, parse_yaml(text, f"-S {setting}")


def keys_of(block: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Dotted keys of a block, those that hold others too."""
    for key, value in block.items():
        yield f"{above}{key}"
        if isinstance(value, Mapping):
            yield from keys_of(value, f"{above}{key}.")


def in_hydra(value: Any) -> str:
    """A value in the grammar of Hydra's overrides, by which DVC reads what follows -S."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # A backslash escapes nothing but a quote, or others before one.
        escaped = re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), value)
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{','.join(map(in_hydra, value))}]"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{in_hydra(one)}' for key, one in value.items())}}}"
    return repr(value)
