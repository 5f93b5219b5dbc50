from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.bundle import read_bundle, write_bundle
from components.core.errors import CasebookError
from components.recipes.conversion.serving.arcs import Candidates, read_arcs
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.conversion.serving.vocabulary import Vocabulary
from tests.components.recipes.conversion.serving.by_definition import all_readings, learner_log_p, local_score, log_p
from tests.components.recipes.conversion.serving.tiny import (
    BOUNDS,
    PAIRS,
    SETTINGS,
    SYMBOL,
    TONES,
    WORDS,
    arcs,
    word_model,
    write_tiny,
)
from tests.forks import Forks
from tests.toy.jobs import CHECKOUT


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


def text(predictor: ConversionPredictor, line: str) -> str:
    return predictor.convert([line], 1)[0].text


def test_a_line_is_answered_with_its_characters(predictor):
    assert text(predictor, "ni hao ma") == "你好吗"
    assert text(predictor, "nǐ hǎo ma") == text(predictor, "ni3 hao3 ma") == text(predictor, "nihaoma") == "你好吗"


def test_a_wrong_tone_never_beats_a_right_one(predictor):
    """Whatever the models say of the others: all answers to all tones have them."""
    for tone in "12345":
        for syllable, listed in TONES.items():
            right = {one for one, own in zip(PAIRS[syllable], listed, strict=True) if tone in own}
            found = predictor.convert([f"{syllable}{tone}"], 9)[0]
            answers = {text for text, _ in found.alternatives}
            assert answers == (right or answers)
            assert bool(found.wrong) == (not right)


def test_tones_choose_in_words_and_between_ways_to_cut_them(predictor):
    assert text(predictor, "ma3") == "马"
    assert text(predictor, "mā") == "妈"
    assert text(predictor, "zhong4 guo3") == "重果"
    assert text(predictor, "ni2hao4") in ("泥号", "泥好")
    assert text(predictor, "Xiān") == text(predictor, "xian¹") == "先"
    assert text(predictor, "xiàn") == "现"
    assert {one for one, _ in predictor.convert(["xīan"], 9)[0].alternatives} == {"西安", "西按"}
    assert text(predictor, "ni3 hao ma5") == "你好吗"
    assert text(predictor, "ma3 " * 20) == "马" * 20
    assert predictor.convert(["ni hao", "ma3"], 1)[0] == predictor.convert(["ni hao"], 1)[0]


def test_a_tone_that_no_character_has_is_told_and_left_out(predictor):
    found = predictor.convert(["xi4 an1"], 1)[0]
    assert found.text == "西安"
    assert [str(one) for one in found.remarks] == ["'xi4': no character of 'xi' has this tone; it is left out"]
    assert predictor.predict(pd.DataFrame({"pinyin": ["xi4"]}))["illegal"][0].startswith("'xi4': no character")
    assert predictor.convert(["xīān"], 1)[0].remarks == ()


def test_a_bundle_of_before_tones_were_kept_answers_without_them(tmp_path: Path):
    files = read_bundle(write_tiny(tmp_path / "new"), threads=1)
    old = {**files.contents(), "pinyin.json": {"pairs": PAIRS}}
    write_bundle(tmp_path / "old", files.manifest, old)
    without = open_predictor(tmp_path / "old")
    assert not without.knows_tones
    assert without.convert(["ma3 zhong4"], 3)[0].alternatives == without.convert(["ma zhong"], 3)[0].alternatives
    assert without.convert(["ma3"], 1)[0].toned


def test_what_is_no_pinyin_stays_where_it_is(predictor):
    found = predictor.convert(["ni hao, 张 ni hao ma? 😀 qqq"], 2)[0]
    assert found.text == "你好, 张你好吗? 😀 qqq"
    assert [(one.number, one.text) for one in found.illegal] == [(6, "qqq")]
    assert len(found.alternatives) == 2
    assert found.alternatives[0] == (found.text, found.score)


@pytest.mark.parametrize("line", ["", "   ", "😀", "hello@xi.an", "123", "，。", "你好", "\n"])
def test_a_line_without_pinyin_is_its_own_answer(predictor, line):
    found = predictor.convert([line], 3)[0]
    assert (found.text, found.score, found.alternatives) == (line, 0.0, ((line, 0.0),))


def test_letters_that_can_be_cut_in_two_ways_have_answers_of_both(predictor):
    found = predictor.convert(["xian"], 9)[0]
    assert {one for one, _ in found.alternatives} == {"西安", "西按", "先", "现"}
    assert sum(np.exp(score) for _, score in found.alternatives) == pytest.approx(1)
    assert {one for one, _ in predictor.convert(["xi'an"], 9)[0].alternatives} == {"西安", "西按"}


def test_the_chances_of_two_ways_are_those_of_their_readings_in_the_lattice(predictor):
    """Without the learner, that is asked for each way by itself."""
    search = {**SETTINGS["search"], "learner": 0.0}

    def chance(syllables: list[str]) -> float:
        texts: dict[str, float] = {}
        for words in all_readings(syllables):
            score = local_score(syllables, words, {"search": search}) + log_p(
                word_model(), [SYMBOL[word] for word in words], 2
            )
            texts["".join(words)] = max(score, texts.get("".join(words), -np.inf))
        return float(sum(np.exp(score) for score in texts.values()))

    one, two = chance(["xian"]), chance(["xi", "an"])
    found = {text: np.exp(score) for text, score in predictor.convert(["xian"], 9)[0].alternatives}
    assert found["先"] + found["现"] == pytest.approx(one / (one + two), rel=1e-3)


def test_first_letters_stand_for_syllables_where_they_may(predictor, tmp_path: Path):
    lenient = open_predictor(write_tiny(tmp_path / "bundle", {"input.abbreviations": True}))
    assert "中国" in {one for one, _ in lenient.convert(["zg"], 9)[0].alternatives}
    assert "你好吗" in {one for one, _ in lenient.convert(["nhm"], 50)[0].alternatives}
    assert text(lenient, "ni hao ma") == "你好吗"
    assert text(predictor, "zg") == "zg"
    first = {syllable[0]: set() for syllable in PAIRS}
    for syllable, characters in PAIRS.items():
        first[syllable[0]].update(characters)
    for answer, _ in lenient.convert(["nhm"], 50)[0].alternatives:
        assert all(one in first[letter] for letter, one in zip("nhm", answer, strict=True))


def test_a_long_line_is_read_in_parts_that_see_what_is_around_them(predictor):
    found = predictor.convert(["ni hao ma " * 50, "nihaoma" * 50], 3)
    assert [one.text for one in found] == ["你好吗" * 50] * 2
    assert len(found[0].alternatives) == 3


@pytest.mark.slow
def test_ten_thousand_syllables_in_one_line(tmp_path: Path):
    predictor = open_predictor(write_tiny(tmp_path / "bundle", {"parts.longest": 60, "parts.context": 10}))
    for line, least in (("zhong guo " * 5000, 10_000), ("zhongguo" * 5000, 10_000), ("xian" * 500, 500)):
        found = predictor.convert([line], 2)[0]
        assert least <= len(found.text) <= 2 * least
        assert found.illegal == ()


def test_rows_of_a_table_are_answered_in_their_order(predictor):
    rows = pd.DataFrame({"pinyin": ["ni hao", "", "qqq hao qqx"]}, index=[5, 3, 9])
    found = predictor.predict(rows)
    assert found.index.tolist() == [5, 3, 9]
    assert found["text"].tolist()[:2] == ["你好", ""]
    assert found["illegal"].tolist() == [
        "",
        "",
        "syllable 1: 'qqq' is no pinyin; it is left as it is; syllable 3: 'qqx' is no pinyin; it is left as it is",
    ]
    assert found["score"].dtype == np.float64
    assert predictor.predict(rows.iloc[:0])["text"].tolist() == []


def test_a_table_without_its_column_or_with_a_cell_that_is_no_text_is_refused(predictor):
    with pytest.raises(CasebookError, match="column 'pinyin' is missing; the columns there are: 'text'"):
        predictor.predict(pd.DataFrame({"text": ["ni hao"]}))
    with pytest.raises(CasebookError, match=r"1 cell.* such as nan in row 2"):
        predictor.predict(pd.DataFrame({"pinyin": ["ni hao", None]}))


def test_syllables_that_are_not_legal_are_named(predictor):
    with pytest.raises(CasebookError, match=r"2 syllable.* such as 'hǎo' in clause 2"):
        predictor.convert_syllables([["ni"], ["hǎo", "qq"]])
    assert [one.text for one in predictor.convert_syllables([[], ["ni", "hao"]])] == ["", "你好"]


def test_the_learner_alone_takes_the_likeliest_character_of_each_syllable(predictor):
    clauses = [["guo", "le"], ["ma"], [], ["zhong", "guo"]]
    expected = [
        "".join(max(product(*(PAIRS[one] for one in clause)), key=partial(learner_log_p, clause))) for clause in clauses
    ]
    assert predictor.baseline("learner", clauses) == expected


def test_baselines_answer_in_the_order_of_the_clauses(predictor):
    clauses = [["zhong", "guo", "le"], ["ni"], [], ["ni", "hao", "ma"]]
    for name in ("lattice", "word_bigram", "char_trigram"):
        found = predictor.baseline(name, clauses)
        assert [len(one) for one in found] == [3, 1, 0, 3]
        assert found == [predictor.baseline(name, [clause])[0] for clause in clauses]


def test_a_bundle_without_a_network_or_associations_answers_too(tmp_path: Path):
    plain = open_predictor(write_tiny(tmp_path / "bundle", {"learner": None}, without=["associations.parquet"]))
    assert text(plain, "ni hao ma") == "你好吗"
    assert plain.baseline("learner", [["guo", "le"]]) == ["国了"]


def test_a_lattice_that_lacks_a_syllable_is_refused():
    wider = Candidates({**PAIRS, "yue": "乐"})
    with pytest.raises(CasebookError, match=r"1 syllable.*such as 'yue'"):
        read_arcs(arcs(), Vocabulary([*BOUNDS, *WORDS], np.zeros(2 + len(WORDS))), wider, [10, 5])


def test_no_torch_is_loaded_for_an_answer(tmp_path: Path, data_forks: Forks):
    folder = write_tiny(tmp_path / "bundle")
    program = (
        "import sys; from pathlib import Path\n"
        "from components.recipes.conversion.serving.predictor import open_predictor\n"
        f"print(open_predictor(Path({str(folder)!r})).convert(['ni hao ma'], 1)[0].text)\n"
        "assert not {'torch', 'lightning', 'mlflow', 'lightgbm'} & set(sys.modules)"
    )
    done = data_forks.run("-c", program, cwd=CHECKOUT)
    assert (done.stdout.strip(), done.returncode) == ("你好吗", 0), done.stderr
