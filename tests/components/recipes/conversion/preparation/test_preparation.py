"""The case's toy sentences through its own data stage."""

import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from components.core.files import write_json
from components.core.job import PREPARED_FILES, TEST, TRAIN, VALIDATION, Paths
from components.core.params.case import CaseParams
from components.core.recipe import make_job
from components.recipes.conversion.preparation.preparation import prepare
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT, TOY

CASE = "pinyin_hanzi"
PREPARE = {
    "lengths": {"shortest": 2, "longest": 60},
    "readings": "gb2312",
    "associations": None,
    "frequencies": None,
    "other_text": [],
    "remove_duplicates": "none",
    "max_rejected": 0.01,
}


def test_toy_sentences_become_splits_with_heteronyms_read_by_their_words(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    raw = paths.raw(CASE)
    raw.mkdir(parents=True)
    shutil.copy(TOY / CASE / "sentences.txt", raw)
    write_json(raw / "source.json", {"kind": "file"})
    toy = yaml.safe_load((TOY / CASE / "overrides.yaml").read_text(encoding="utf-8"))
    block = PREPARE | {
        name.removeprefix("prepare."): value for name, value in toy.items() if name.startswith("prepare.")
    }
    meta = prepare(make_job(CASE, CaseParams.model_construct(recipe="conversion", prepare=block), paths))
    tables = [pd.read_parquet(paths.prepared(CASE) / PREPARED_FILES[split]) for split in (TRAIN, VALIDATION, TEST)]
    assert [len(table) for table in tables] == [meta.rows[split] for split in (TRAIN, VALIDATION, TEST)]
    assert min(map(len, tables)) > 20
    every = pd.concat(tables)
    assert not every["clause"].duplicated().any()
    readings = {
        (character, syllable)
        for text, syllables in zip(every["text"], every["syllables"], strict=True)
        for character, syllable in zip(text, syllables.split(" "), strict=True)
    }
    assert {("行", "hang"), ("行", "xing"), ("长", "zhang"), ("长", "chang"), ("乐", "yue"), ("绿", "lv")} <= readings
    assert all(character in meta.data["pairs"][syllable] for character, syllable in readings)


def test_toy_sentences_are_those_of_their_script(tmp_path: Path) -> None:
    script = shutil.copy(TOY / "make_pinyin_hanzi.py", tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    assert (tmp_path / CASE / "sentences.txt").read_bytes() == (TOY / CASE / "sentences.txt").read_bytes()


def test_serving_imports_no_dictionary() -> None:
    """A fresh process tells what it imports."""
    program = (
        "import sys, components.recipes.conversion.encoding.normalise; "
        "print(*sorted({'pypinyin', 'pypinyin_dict', 'pyarrow'} & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=CHECKOUT)
    assert result.stdout.split() == []


def test_preparing_imports_nothing_heavy(data_forks: Forks) -> None:
    program = (
        "import sys, components.recipes.conversion.preparation.preparation; "
        "print(*sorted({'torch', 'lightning', 'mlflow', 'sklearn', 'scipy', 'prefect', 'dvc'} & sys.modules.keys()))"
    )
    result = data_forks.run("-c", program, cwd=CHECKOUT)
    assert (result.returncode, result.stdout.split()) == (0, []), result.stderr
