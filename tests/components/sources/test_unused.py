"""Which downloads a fetch of any case would still look for."""

from pathlib import Path

import pytest

from components.core.errors import CasebookError
from components.core.params.source import HttpSource, WheelSource
from components.sources.unused import unused

FIRST, SECOND, THIRD = "a" * 64, "b" * 64, "c" * 64


def http(manifest: str) -> HttpSource:
    return HttpSource(
        kind="http",
        base="https://host/files",
        manifest=manifest,
        watch=manifest,
        connections=1,
        retries=0,
        timeout=1.0,
        licence="CC0",
        citation="none",
    )


def package(requirement: str, archive: str) -> dict[str, object]:
    member = {"path": "x.csv", "to": "x.csv", "sha256": FIRST, "format": "bytes"}
    return {"requirement": requirement, "archive": archive, "members": [member]}


def wheel(*packages: dict[str, object]) -> WheelSource:
    said = {"kind": "wheel", "watch": "x", "licence": "CC0", "citation": "none"}
    return WheelSource.model_validate({**packages[0], "further": list(packages[1:]), **said})


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    cache = tmp_path / "fetch"
    for name in ("one==1/wheel", "one==1/sdist", "two==2/wheel", "three==3/sdist"):
        (cache / name).mkdir(parents=True)
        (cache / name / "archive").write_bytes(b"x")
        (cache / name).with_suffix(".lock").touch()
    (cache / "http").mkdir()
    for name in (FIRST, SECOND, f"{SECOND}.part", f"{THIRD}.part", "fetch.lock"):
        (cache / "http" / name).write_bytes(b"x")
    return cache


def test_what_no_source_names_is_unused(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "files.sha256").write_text(f"{FIRST}  a.jpg\n{THIRD}  b.jpg\n", encoding="utf-8")
    sources = [http("files.sha256"), wheel(package("one==1", "wheel"), package("two==2", "wheel"))]
    found = [path.relative_to(cache).as_posix() for path in unused(sources, tmp_path, cache)]
    assert found == [f"http/{SECOND}", f"http/{SECOND}.part", "one==1/sdist", "three==3"]


def test_without_sources_everything_but_locks_is(cache: Path, tmp_path: Path) -> None:
    found = {path.relative_to(cache).as_posix() for path in unused([], tmp_path, cache)}
    assert found == {
        "one==1",
        "two==2",
        "three==3",
        *(f"http/{name}" for name in (FIRST, SECOND, f"{SECOND}.part", f"{THIRD}.part")),
    }
    assert unused([], tmp_path, tmp_path / "never fetched") == []


def test_a_manifest_that_is_missing_deletes_nothing_of_what_it_may_name(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match=r"gone.sha256: not found"):
        unused([http("gone.sha256")], tmp_path, cache)
