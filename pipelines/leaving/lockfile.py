"""`dvc.lock` without a case, or with a case under another name; DVC's own lock is held meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo
from dvc.stage import PipelineStage
from yaml.nodes import Node, ScalarNode, SequenceNode

from components.core.errors import CasebookError
from components.core.files import write_text
from pipelines.leaving.folders import moved
from pipelines.leaving.text import Edit, Pair, applied, pairs, read, replaced, without

LOCK = "dvc.lock"


@contextmanager
def dvc_held(root: Path) -> Iterator[Repo]:
    """DVC's lock, under which it writes `dvc.lock`: what another run has done is not lost.

    Raises:
        CasebookError: another DVC has it, or `dvc.yaml` and `params.yaml` do not fit.
    """
    try:
        with Repo(str(root)) as repo, repo.lock:
            yield repo
    except LockError:
        raise CasebookError(f"{root}: another dvc is at work here; wait for its end, then run this again") from None
    except DvcException as error:
        raise CasebookError(f"dvc: {error}") from None


def case_of(stage: str) -> str:
    """The case of a stage such as `fit@finance_risk`; empty if it is of none."""
    return stage.partition("@")[2]


def resting_on(repo: Repo, case: str) -> list[str]:
    """The stages of other cases that depend on what a stage of this one makes."""
    edges = [
        (one.name, other.name)
        for one, other in repo.index.graph.edges
        if isinstance(one, PipelineStage) and isinstance(other, PipelineStage)
    ]
    return sorted({one for one, other in edges if case_of(other) == case != case_of(one)})


def stages_of(root: Path, case: str) -> list[str]:
    """The case's stages in `dvc.lock`."""
    return [key.value for key, _ in pairs(read(_text(root)), "stages") if case_of(key.value) == case]


def forget_case(root: Path, case: str) -> None:
    """Cut the case's stages out of `dvc.lock`."""
    text = _text(root)
    left = without(text, ("stages",), lambda stage: case_of(stage) == case)
    if left != text:
        write_text(root / LOCK, left)


def rename_case(root: Path, old: str, new: str) -> None:
    """Let `dvc.lock` say of the case `new` what it says of `old`: nothing has changed but names, nothing is to run."""
    text = _text(root)
    edits = [edit for stage in pairs(read(text), "stages") for edit in _renamed(text, stage, old, new)]
    if edits:
        write_text(root / LOCK, applied(text, edits))


def _renamed(text: str, stage: Pair, old: str, new: str) -> Iterator[Edit]:
    """Edits of a stage: its name and command, and the case's paths, which other cases' stages may read too."""
    key, content = stage
    own = case_of(key.value) == old
    if own:
        yield replaced(text, key, f"{key.value.removesuffix(old)}{new}")
    for name, value in pairs(content):
        if name.value == "cmd" and own and isinstance(value, ScalarNode):
            words = [new if index and word == old else word for index, word in _last(value.value.split(" "))]
            yield from _changed(text, value, " ".join(words))
        elif isinstance(value, SequenceNode):  # deps and outs
            for path in (path for item in value.value for field, path in pairs(item) if field.value == "path"):
                yield from _changed(text, path, moved(path.value, old, new))
        elif name.value == "params":
            yield from _params(text, value, old, new)


def _last(words: list[str]) -> Iterator[tuple[bool, str]]:
    """Each word, and whether it is the last: a case may be called as a stage or a module is."""
    for index, word in enumerate(words, 1):
        yield index == len(words), word


def _params(text: str, node: Node, old: str, new: str) -> Iterator[Edit]:
    """By file the parameters: `cases.NAME.fit` of params.yaml, or those of a file in one of the case's folders."""
    for file, values in pairs(node):
        yield from _changed(text, file, moved(file.value, old, new))
        for key, _ in pairs(values):
            if f"{key.value}.".startswith(f"cases.{old}."):
                yield from _changed(text, key, f"cases.{new}{key.value.removeprefix(f'cases.{old}')}")


def _changed(text: str, node: Node, instead: str) -> Iterator[Edit]:
    if node.value != instead:
        yield replaced(text, node, instead)


def _text(root: Path) -> str:
    path = root / LOCK
    return path.read_bytes().decode() if path.exists() else ""
