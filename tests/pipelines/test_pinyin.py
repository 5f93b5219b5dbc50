"""Text through the same dvc.yaml: from a file of sentences to a champion that people type into."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from pypinyin import lazy_pinyin

pytestmark = pytest.mark.slow

CASE = "typed"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, released_case: Callable[..., Any]) -> Any:
    return released_case("pinyin_hanzi", CASE, tmp_path_factory.mktemp("typed"))


def test_sentences_become_a_champion_and_are_then_done(released: Any) -> None:
    release = released.json(f"reports/{CASE}/release.json")
    assert release["promoted"] is True, release
    metrics = released.json(f"reports/{CASE}/metrics.json")
    assert {"char_accuracy", "exact", "bleu", "chrf", "cer"} <= set(metrics["test"])
    assert set(metrics["baselines"]) == {"lattice", "word_bigram", "char_trigram"}
    pinyin = released.json(f"models/{CASE}/bundle/pinyin.json")
    assert {syllable: len(tones) for syllable, tones in pinyin["tones"].items()} == {
        syllable: len(characters) for syllable, characters in pinyin["pairs"].items()
    }
    again = released.repro(f"release@{CASE}")
    assert (again.code, re.findall("Running stage", again.said)) == (0, []), again.said
    assert released.rows("select name from runs where status = 'RUNNING'") == []


def test_a_text_gets_n_best_answers(released: Any) -> None:
    sentence = (released.root / CASE / "sentences.txt").read_text(encoding="utf-8").splitlines()[0]
    (released.root / "in.txt").write_text(f"{' '.join(lazy_pinyin(sentence))}\n\nqqq\n", encoding="utf-8")
    command = ("python", "-m", "pipelines.cli", "predict", CASE, "in.txt", "--out", "out.txt", "--n-best", "5")
    ended = released.run(*command)
    assert ended.code == 0, ended.said
    assert "in.txt: line 3, syllable 1: 'qqq' is no pinyin; it is left as it is" in ended.said
    table = [line.split("\t") for line in (released.root / "out.txt").read_text(encoding="utf-8").splitlines()]
    lines = [line for line, *_ in table]
    assert set(lines) == {"1", "2", "3"}
    assert 1 <= lines.count("1") <= 5
    assert [text for line, _, _, text in table if line != "1"] == ["", "qqq"]
    for line, _, _, text in table:
        if line == "1":
            assert lazy_pinyin(text) == lazy_pinyin(sentence)


def test_what_is_typed_is_answered(released: Any) -> None:
    sentence = (released.root / CASE / "sentences.txt").read_text(encoding="utf-8").splitlines()[0]
    ended = subprocess.run(
        ["python", "-m", "pipelines.cli", "predict", CASE, "-"],
        input=" ".join(lazy_pinyin(sentence)) + "\n",
        cwd=released.root,
        env=released.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert lazy_pinyin(ended.stdout.strip()) == lazy_pinyin(sentence)
