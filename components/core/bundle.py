"""The folder that is served: ONNX graphs, JSON, Parquet and text, and the digest of each in `bundle.json`."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from components.core.blocks import Block, Names, read_block
from components.core.errors import CasebookError, DamagedError
from components.core.files import dvc_md5, file_digest, read_json, whole_folder, write_json

if TYPE_CHECKING:  # onnxruntime is loaded by the first session, not by who only reads the manifest
    from onnxruntime import InferenceSession

FORMAT = 1
INDEX = "bundle.json"
# What answers with a bundle, below components/recipes, by the names that manifests have for it.
PREDICTORS = {
    "table.predictor": "binary.serving.predictor",
    "survival.predictor": "survival.serving.predictor",
    "detection.predictor": "detection.serving.predictor",
    "ranking.predictor": "next_item.serving.predictor",
    "conversion.predictor": "conversion.serving.predictor",
}
GRAPH = ".onnx"
SUFFIXES = (GRAPH, ".json", ".parquet", ".md", ".txt")  # nothing that runs code when it is read
MIXES_ROWS = b"DynamicQuantizeLinear"  # the operator's name, which a graph's file has as it is
ERRORS_ONLY = 3  # onnxruntime's severity scale: warnings are 2

Content: TypeAlias = Path | bytes | str | Mapping[str, Any] | Sequence[Any]


class Manifest(Block):
    """What a bundle is and who can read it.

    `predictor` names what answers with it, `graphs` the ONNX graphs without their suffix,
    `settings` is the predictor's own, JSON-able.
    """

    format: int = FORMAT
    case: str
    predictor: str
    graphs: Names
    settings: dict[str, Any]

    @property
    def module(self) -> str:
        """The module that answers, `components.recipes.RECIPE.serving...`."""
        return f"components.recipes.{PREDICTORS.get(self.predictor, self.predictor)}"

    @classmethod
    def of(cls, case: str, predictor: str, graphs: Sequence[str], settings: Block | None = None) -> "Manifest":
        said = {} if settings is None else settings.model_dump(mode="json")
        return cls(case=case, predictor=predictor, graphs=tuple(graphs), settings=said)


class Index(Block):
    """`bundle.json`: the manifest, and the sha256 of every other file by its relative path."""

    manifest: Manifest
    files: dict[str, str]


@dataclass(frozen=True)
class Bundle:
    """A folder whose files are those its index lists. Safe to share between threads."""

    folder: Path
    manifest: Manifest
    files: tuple[str, ...]
    threads: int
    _sessions: dict[str, "InferenceSession"] = field(default_factory=dict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def path(self, name: str) -> Path:
        if name not in self.files:
            raise CasebookError(f"{self.folder}: no file {name!r} in this bundle; there are: {', '.join(self.files)}")
        return self.folder / name

    def contents(self) -> dict[str, Path]:
        """Every file but the index, by relative path: what `write_bundle` takes to make a variant."""
        return {name: self.folder / name for name in self.files}

    def json(self, name: str) -> Any:
        """The content of `NAME.json`."""
        return read_json(self.path(f"{name}.json"))

    def mixes_rows(self, name: str) -> bool:
        """Whether what the graph `NAME.onnx` answers to a row depends on those beside it.

        It does where activations are made integers by the range of all rows of the call, as in bundles of before the
        variant int8_dynamic took the range of each row's own blocks.
        """
        return MIXES_ROWS in self.path(f"{name}{GRAPH}").read_bytes()

    def session(self, name: str) -> "InferenceSession":
        """The graph `NAME.onnx`, opened on the first call and kept."""
        with self._lock:
            if name not in self._sessions:
                self._sessions[name] = _open_graph(self.path(f"{name}{GRAPH}"), self.threads)
            return self._sessions[name]


def write_bundle(folder: Path, manifest: Manifest, contents: Mapping[str, Content]) -> None:
    """Write `contents` (file by relative path) and their index; `folder` is replaced whole.

    A `Path` is copied and `bytes` or `str` are written as they are; mappings and sequences become
    JSON with sorted keys. The same contents give the same bytes.

    Raises:
        CasebookError: a file of a kind that a bundle may not hold, a graph of the manifest
            without its file, or a graph file that the manifest does not name.
    """
    _check_kinds(folder, contents)
    _check_graphs(folder, manifest, contents)
    with whole_folder(folder) as draft:
        for name, content in contents.items():
            _write_content(draft / name, content)
        digests = {name: file_digest(draft / name) for name in sorted(contents)}
        write_json(draft / INDEX, Index(manifest=manifest, files=digests).model_dump(mode="json"))


def read_bundle(folder: Path, *, threads: int) -> Bundle:
    """Open a bundle after checking that it holds the files it was written with, and no others.

    `threads` is the number of threads each graph may use.

    Raises:
        CasebookError: the folder or its index is missing or unreadable, the format is another one,
            or a file is missing, unlisted, of a forbidden kind, or not the one that was written.
    """
    index = _read_index(folder)
    found = sorted(_relative_files(folder))
    _check_kinds(folder, found)
    _check_graphs(folder, index.manifest, index.files)
    if missing := sorted(index.files.keys() - found):
        raise _broken(folder, missing, "missing")
    if unlisted := sorted(found - index.files.keys()):
        raise _broken(folder, unlisted, f"not listed in {INDEX}")
    if changed := [name for name, digest in sorted(index.files.items()) if file_digest(folder / name) != digest]:
        raise _broken(folder, changed, f"not what was written (sha256 differs from {INDEX})")
    return Bundle(folder=folder, manifest=index.manifest, files=tuple(found), threads=threads)


def bundle_md5(folder: Path) -> str:
    """The md5 by which `dvc.lock` knows this folder, and the registry this version."""
    return dvc_md5(folder)


def _read_index(folder: Path) -> Index:
    path = folder / INDEX
    try:
        content = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        raise CasebookError(f"{path}: not found; {folder} is no bundle; run `dvc repro` to make one") from None
    except DamagedError as error:
        raise DamagedError(path, error.reason, "run `dvc repro` to make the bundle again") from None
    _check_format(path, content)
    return read_block(Index, content, str(path))


def _check_format(path: Path, content: Any) -> None:
    """Before the keys are read: another format may well have other keys."""
    manifest = content.get("manifest") if isinstance(content, dict) else None
    written = manifest.get("format") if isinstance(manifest, dict) else None
    if written != FORMAT:
        raise CasebookError(
            f"{path}: format {written}, but this version of casebook reads {FORMAT}; "
            "use the version that wrote it, or make the bundle again"
        )


def _relative_files(folder: Path) -> set[str]:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in files if name != INDEX}


def _check_kinds(folder: Path, names: Mapping[str, Any] | Sequence[str]) -> None:
    if foreign := [name for name in sorted(names) if Path(name).suffix not in SUFFIXES]:
        raise _broken(folder, foreign, f"of a kind that a bundle may not hold (only {' '.join(SUFFIXES)})")
    if INDEX in names:
        raise CasebookError(f"{folder}: {INDEX} is the bundle's own index; give that file another name")


def _check_graphs(folder: Path, manifest: Manifest, names: Mapping[str, Any]) -> None:
    named = {f"{graph}{GRAPH}" for graph in manifest.graphs}
    present = {name for name in names if name.endswith(GRAPH)}
    if missing := sorted(named - present):
        raise _broken(folder, missing, "named in the manifest's graphs but not among the files")
    if unnamed := sorted(present - named):
        raise _broken(folder, unnamed, "not named in the manifest's graphs")


def _broken(folder: Path, names: Sequence[str], what: str) -> CasebookError:
    return CasebookError(f"{folder}: {len(names)} file(s) {what}: {', '.join(names[:5])}; make the bundle again")


def _write_content(target: Path, content: Content) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        shutil.copyfile(content, target)
    elif isinstance(content, bytes):
        target.write_bytes(content)
    elif isinstance(content, str):
        target.write_text(content, encoding="utf-8")
    else:
        write_json(target, content)


def _open_graph(path: Path, threads: int) -> "InferenceSession":
    import onnxruntime

    # The machine's devices are looked for once a process, and what is missing is reported as a warning.
    onnxruntime.set_default_logger_severity(ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class of their own
        raise CasebookError(f"{path}: onnxruntime cannot open this graph: {error}; make the bundle again") from error
