"""Memory of long texts and long lines: it grows with neither."""

import tracemalloc
from pathlib import Path

import pytest

from components.recipes.conversion.encoding import typed
from components.recipes.conversion.predict import predict_file
from components.recipes.conversion.serving.predictor import open_predictor
from tests.components.recipes.conversion.serving.tiny import write_tiny

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parts = {"parts.longest": 60, "parts.context": 10}
    folder = write_tiny(tmp_path_factory.mktemp("tiny") / "bundle", parts)
    open_predictor(folder).convert(["ni hao ma", "nihaoma", "zhong1 guo2"], 2)  # what is loaded once
    return folder


def peak(bundle: Path, folder: Path, lines: list[str]) -> int:
    """Bytes that answering a file takes at its highest."""
    (folder / "in.txt").write_text("\n".join(lines), encoding="utf-8")
    tracemalloc.start()
    try:
        predict_file(bundle, folder / "in.txt", folder / "out.txt", {})
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_lines(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(typed, "BATCH_LINES", 50)
    lines = ["ni hao ma", "zhongguo", "xi1 an1 guo4 le5", "qqq"] * 25
    assert peak(bundle, tmp_path, lines * 4) < 1.1 * peak(bundle, tmp_path, lines)


@pytest.mark.parametrize("part", ["zhongguo", "zhong1guo2 "])
def test_a_line_of_ten_thousand_syllables_takes_little(bundle, tmp_path, part):
    assert peak(bundle, tmp_path, [part * 5_000]) < 128 * MEGABYTE
