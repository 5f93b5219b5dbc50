"""The results of a fork's cases, accepted for `dvc.lock` of today where nothing but names changed.

An entry of `dvc.lock` says which values and inputs gave which outs, by md5. That stays true whatever lies in the
workspace, so an entry is brought to the form of today by the lock alone: the outs may be here, in the cache or at a
remote. A stage is accepted if its values and what it watches are those of its old entry, each other input is an out of
a stage that is accepted, with the md5 that the entry names, and it makes the same outs today. Its code is another now,
and is not compared: whoever doubts that it gives the same runs the stage again. DVC runs what is not accepted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.parsing.context import Context
from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update

from components.core.files import dvc_md5
from components.core.yaml_files import read_yaml
from pipelines.code import NOTHING, RESOLVED
from pipelines.leaving.lockfile import LOCK
from pipelines.leaving.params import FILE
from pipelines.stages import STAGES

Entry = dict[str, Any]
PACKAGES = ("components/", "pipelines/")


@dataclass(frozen=True)
class Judged:
    """A stage that has run: its entry of today, or why it is not accepted, and those of its outs that are not here."""

    stage: str
    why: str
    entry: Entry
    absent: tuple[str, ...] = ()


def judged(root: Path, trial: Path, old: Mapping[str, Any]) -> list[Judged]:
    """Each stage of the cases that has run.

    `old` has the cases' blocks as they were; the folder `trial` has `params.yaml` of today's form and what the stage
    `code` makes of it.
    """
    locked = (read_yaml(root / LOCK) or {}).get("stages") or {} if (root / LOCK).exists() else {}
    template, cases = read_yaml(root / "dvc.yaml")["stages"], read_yaml(trial / FILE)["cases"]
    found = []
    for case, block in old.items():
        context = Context({"key": case, "item": cases[case]})
        wanted = {name: context.resolve(template[name]["do"]) for name in STAGES if f"{name}@{case}" in locked}
        entries = {name: (locked[f"{name}@{case}"], wanted[name]) for name in wanted}
        found += [*_of_case(root, trial, case, block, entries)]
    return found


def accepted_lock(text: str, found: list[Judged]) -> str:
    """The text of `dvc.lock`, as DVC would write it, with the new entries of the stages that are accepted."""
    content = parse_yaml_for_update(text, LOCK)
    content["stages"].update({one.stage: one.entry for one in found if not one.why})
    written: str = dumps_yaml(content)
    return written


def _of_case(
    root: Path, trial: Path, case: str, block: Mapping[str, Any], entries: Mapping[str, tuple[Entry, Entry]]
) -> Iterator[Judged]:
    made: dict[str, str] = {}  # outs of accepted stages, with their md5
    for stage, (entry, wanted) in entries.items():
        outs = {out["path"]: out["md5"] for out in entry["outs"]}
        new = _entry_of_today(root, trial, entry, wanted)
        why = (
            _edited(case, block, entry, new)
            or _inputs(root, block["source"]["watch"], new, made)
            or _other_outs(outs.keys(), wanted)
        )
        if why:
            yield Judged(f"{stage}@{case}", why, new)
            continue
        made |= outs
        absent = tuple(path for path, md5 in outs.items() if not _is_here(root / path, md5))
        yield Judged(f"{stage}@{case}", "", new, absent)


def _entry_of_today(root: Path, trial: Path, entry: Entry, wanted: Entry) -> Entry:
    """The old entry with the inputs of today: what the stage `code` makes, code that a source watches as it is today,
    and the others as the old entry has them.
    """
    known = {dep["path"]: dep for dep in entry["deps"]}
    deps = []
    for path in sorted(wanted["deps"]):
        if _is_of_code(path):
            deps.append(_measured(trial, path))
        elif path.startswith(PACKAGES) and (root / path).is_file():
            deps.append(_measured(root, path))
        else:
            deps.append(known.get(path, {"path": path, "md5": None}))
    return {"cmd": wanted["cmd"], "deps": deps, "outs": entry["outs"]}


def _is_of_code(path: str) -> bool:
    """Whether the stage `code` makes this input."""
    return path == NOTHING or path.startswith(f"{RESOLVED}/")


def _measured(root: Path, path: str) -> Entry:
    return {"path": path, "hash": "md5", "md5": dvc_md5(root / path), "size": (root / path).stat().st_size}


def _edited(case: str, block: Mapping[str, Any], entry: Entry, new: Entry) -> str:
    if "params" not in entry:  # of today's form: an earlier call was ended after it had written dvc.lock
        return "" if entry["deps"] == new["deps"] else "its values or its code changed since it ran"
    for key, value in entry["params"].get(FILE, {}).items():
        name = key.removeprefix(f"cases.{case}.")
        if block.get(name) != value:
            return f"{name} was edited since it ran"
    return ""


def _inputs(root: Path, watch: str, new: Entry, made: Mapping[str, str]) -> str:
    for path, md5 in ((dep["path"], dep["md5"]) for dep in new["deps"] if not _is_of_code(dep["path"])):
        if path != watch and made.get(path) != md5:
            return f"{path} is {'not what it ran on' if path in made else 'made again'}"
        if path == watch and (md5 is None or ((root / path).exists() and dvc_md5(root / path) != md5)):
            return f"{path} was edited since it ran"
    return ""


def _other_outs(before: Iterable[str], wanted: Entry) -> str:
    """Outs of today that the old entry does not have, or the other way round."""
    listed = [out for kind in ("outs", "metrics", "plots") for out in wanted.get(kind, [])]
    today = {out if isinstance(out, str) else next(iter(out)) for out in listed}
    if more := sorted(today.difference(before)):
        return f"it makes {len(more)} more out(s) now, such as {more[0]}"
    less = sorted(set(before) - today)
    return f"it no longer makes {less[0]}" if less else ""


def _is_here(path: Path, md5: str) -> bool:
    return path.exists() and dvc_md5(path) == md5
