"""The lattice of a small text: its files, its words and what it does without a dictionary or a table."""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from components.core.blocks import read_block
from components.recipes.conversion.assembly.lattice.lattice import CHARACTERS, WORDS, LatticeTables, fit_lattice
from components.recipes.conversion.assembly.lattice.lexicon import mine
from components.recipes.conversion.encoding.associations import read_associations
from components.recipes.conversion.encoding.ngrams import read_ngrams
from components.recipes.conversion.params.lattice import LatticeParams, MinedParams
from tests.components.recipes.conversion.preparation.texts import block, prepare
from tests.toy.jobs import CHECKOUT

TEXT = "\n".join(
    [
        "今天天气很好", "银行行长步行去银行", "明天天气不好", "我们在北京长大", "他们去北京看病", "医生说天气很好",
        "我在中国银行工作", "老师在学校工作", "学生去学校学习", "音乐老师很快乐",
    ] * 12
)  # fmt: skip
TABLE = "Languages: zh-hans\n" + "".join(
    f"{text} {log_p}\n" for text, log_p in [("天", -5), ("空", -6), ("行", -6), ("走", -6), ("天空", -8), ("走行", -7)]
)


def params(**lexicon: object) -> LatticeParams:
    content = {
        "lexicon": {
            "longest": 7,
            "dictionaries": ["cc_cedict"],
            "frequent": None,
            "mined": {"joint": -9.0, "attraction": 2.0},
            "least": 1,
            "added": 500,
            "rates": {"rounds": 10, "leaves": 4, "smallest": 20, "lr": 0.1},
        }
        | lexicon,
        "words": {"order": 3, "prior": 1.0},
        "characters": {"order": 3, "prior": 1.0},
    }
    return read_block(LatticeParams, content, "params")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("case")
    (path / "raw").mkdir()
    (path / "raw" / "associations.gz").write_bytes(gzip.compress(TABLE.encode()))
    prepare(path, TEXT, block(readings="gb2312", associations="associations.gz"))
    return path / "prepared"


@pytest.fixture(scope="module")
def tables(folder: Path) -> LatticeTables:
    return fit_lattice(folder, params(), seed=1)


def frame(content: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(content))


def arcs_of(contents: dict[str, bytes]) -> pd.DataFrame:
    words = frame(contents["lexicon.parquet"])["word"]
    arcs = frame(contents["arcs.parquet"])
    return arcs.assign(text=words.to_numpy()[arcs["word"]])


def test_lexicon_rows_are_symbols(tables: LatticeTables) -> None:
    lexicon = frame(tables.to_contents()["lexicon.parquet"])
    words = lexicon["word"].tolist()
    assert words[:2] == ["<s>", "</s>"]
    assert words[2:] == sorted(words[2:])
    assert {"天气", "银行"} <= set(words)
    assert len([word for word in words[2:] if len(word) > 1 and word not in TEXT]) == 500
    assert_allclose(np.exp(lexicon["log_q"]).sum(), 1, rtol=1e-5)
    assert tables.words_model.unigram.shape == (len(words),)


def test_arcs_are_in_order_and_legal(tables: LatticeTables, folder: Path) -> None:
    arcs = arcs_of(tables.to_contents())
    pairs = {(one, s) for s, found in pairs_of(folder).items() for one in found}
    assert all(
        pair in pairs for row in arcs.itertuples() for pair in zip(row.text, row.syllables.split(" "), strict=True)
    )
    key = list(zip(arcs["syllables"].str.count(" "), arcs["syllables"], arcs["other"], strict=True))
    assert key == sorted(key)
    unigram = tables.words_model.unigram[arcs["word"]]
    for _, rows in arcs.assign(unigram=unigram).groupby(["syllables", "other"]):
        assert (np.diff(rows["unigram"]) <= 0).all()


def test_every_legal_pair_is_an_arc_and_rare_readings_are_marked(tables: LatticeTables, folder: Path) -> None:
    arcs = arcs_of(tables.to_contents())
    single = arcs[arcs["text"].str.len() == 1]
    marked = {(row.text, row.syllables): row.other for row in single.itertuples()}
    assert set(marked) == {(one, s) for s, found in pairs_of(folder).items() for one in found}
    assert not marked["行", "xing"]
    assert marked["行", "hang"]  # only in words
    assert set(arcs.loc[arcs["text"] == "银行", "syllables"]) == {"yin hang"}


def pairs_of(folder: Path) -> dict[str, str]:
    meta = pd.read_json(folder / "meta.json", typ="series")
    found: dict[str, str] = meta["data"]["pairs"]
    return found


def test_models_have_the_training_text(tables: LatticeTables) -> None:
    symbols = {one: number for number, one in enumerate(tables.characters)}
    last = np.full(len(symbols), symbols["银"])
    log_p, _ = tables.characters_model.step(last, np.full(len(last), -1), np.arange(len(last)))
    assert tables.characters[int(np.argmax(log_p))] == "行"


def test_pairs_that_attract_each_other_are_mined(tables: LatticeTables) -> None:
    characters = tables.characters[2:]
    assert mine(tables.associations, characters, MinedParams(joint=-9, attraction=2)) == {"天空", "走行"}
    assert mine(tables.associations, characters, MinedParams(joint=-7.5, attraction=2)) == {"走行"}
    assert mine(tables.associations, characters, MinedParams(joint=-9, attraction=4)) == {"走行"}


def test_files_are_read_as_they_were(tables: LatticeTables, tmp_path: Path) -> None:
    for name, content in tables.to_contents().items():
        (tmp_path / name).write_bytes(content)
    assert read_ngrams(tmp_path, WORDS).trigrams.tolist() == tables.words_model.trigrams.tolist()
    assert read_ngrams(tmp_path, CHARACTERS).unigram.shape == (len(tables.characters),)
    associations = read_associations(tmp_path / "associations.parquet", len(tables.characters))
    assert associations.pairs.tolist() == tables.associations.pairs.tolist()


def test_least_and_added_bound_the_words(folder: Path) -> None:
    few = fit_lattice(folder, params(added=3, mined=None), seed=1)
    words = [word for word in few.lexicon.words[2:] if len(word) > 1]
    assert {"天气", "银行", "行长"} <= set(words)
    assert len([word for word in words if word not in TEXT]) == 3
    never = fit_lattice(folder, params(dictionaries=[], mined=None, least=10_000), seed=1)
    assert max(map(len, never.lexicon.words[2:])) == 1


def test_a_part_of_the_text_is_fitted_as_if_it_were_the_whole(folder: Path, tmp_path: Path) -> None:
    clauses = pd.read_parquet(folder / "train.parquet")
    kept = ~clauses["text"].str.contains("学").to_numpy()
    small = params(dictionaries=[], mined=None)
    part = fit_lattice(folder, small, seed=1, kept=kept)
    assert "学校" not in part.lexicon.words
    assert "学校" in fit_lattice(folder, small, seed=1).lexicon.words
    alone = shutil.copytree(folder, tmp_path / "alone")
    clauses[kept].to_parquet(alone / "train.parquet")
    assert fit_lattice(alone, small, seed=1).to_contents() == part.to_contents()


def test_words_frequent_in_other_text_are_candidates(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    counts = {"京海": 3, "天国": 2, "学": 9, "天天向上": 5}
    pd.DataFrame({"text": counts.keys(), "count": counts.values()}).to_parquet(other / "frequencies.parquet")
    none = fit_lattice(other, params(dictionaries=[], mined=None), seed=1)
    some = fit_lattice(other, params(dictionaries=[], mined=None, frequent=3), seed=1)
    assert set(some.lexicon.words) - set(none.lexicon.words) == {"京海", "天天向上"}
    short = fit_lattice(other, params(dictionaries=[], mined=None, frequent=2, longest=2), seed=1)
    assert {"京海", "天国"} <= set(short.lexicon.words)
    assert "天天向上" not in short.lexicon.words


def test_characters_of_other_text_have_a_model_of_their_own(folder: Path, tmp_path: Path) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    pd.DataFrame({"text": ["天行", "学天行"]}).to_parquet(other / "other_text.parquet")
    small = params(dictionaries=[], mined=None)
    tables, alone = fit_lattice(other, small, seed=1), fit_lattice(folder, small, seed=1)
    assert alone.other_model is None
    assert tables.other_model is not None
    symbols = {one: number for number, one in enumerate(tables.characters)}
    last = np.full(len(symbols), symbols["天"])
    log_p, _ = tables.other_model.step(last, np.full(len(last), -1), np.arange(len(last)))
    assert tables.characters[int(np.argmax(log_p))] == "行"
    added = set(tables.to_contents()) - set(alone.to_contents())
    assert added == {f"other_characters_{order}.parquet" for order in ("unigrams", "bigrams", "trigrams")}
    assert {**tables.to_contents(), **alone.to_contents()} == tables.to_contents()  # nothing else changes


def test_without_dictionary_or_table(folder: Path, tmp_path: Path) -> None:
    bare = shutil.copytree(folder, tmp_path / "bare", ignore=shutil.ignore_patterns("associations.parquet"))
    alone = fit_lattice(bare, params(dictionaries=[], mined=None), seed=1)
    words = {word for word in alone.lexicon.words[2:] if len(word) > 1}
    assert words
    assert all(word in TEXT for word in words)
    assert len(alone.associations.pairs) == 0


def digests(folder: Path) -> dict[str, str]:
    contents = fit_lattice(folder, params(), seed=1).to_contents()
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_order_of_sets(folder: Path) -> None:
    program = f"import sys; from pathlib import Path; from {__name__} import digests; print(digests(Path(sys.argv[1])))"
    other = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # sets there are in another order than here
    command, environment = [sys.executable, "-c", program, folder], {"PYTHONHASHSEED": other}
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=CHECKOUT, env=environment)
    assert done.stdout == f"{digests(folder)}\n"
    assert "lexicon.parquet" in done.stdout
