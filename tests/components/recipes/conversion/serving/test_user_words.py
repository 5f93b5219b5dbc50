"""A person's own words, read and answered with."""

from pathlib import Path

import numpy as np
import pytest

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.syllables import Syllabary
from components.recipes.conversion.serving.asked import Asked
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.conversion.serving.user_words import WEIGHT, UserWord, read_words
from tests.components.recipes.conversion.serving.tiny import SYLLABLES, SYMBOL, WORDS, word_model, write_tiny


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    """Of bigrams alone, whose logarithms are known."""
    weights = {"search.weights": {"word_bigram": 1.0}}
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle", weights))


def written(folder: Path, content: str) -> Path:
    path = folder / "mine.txt"
    path.write_text(content, encoding="utf-8")
    return path


def best(predictor: ConversionPredictor, path: Path, line: str) -> str:
    return predictor.convert([line], 1, Asked(words=path))[0].text


def test_a_word_is_a_reading_a_text_and_a_weight(tmp_path: Path):
    path = tmp_path / "mine.tsv"
    path.write_text("# mine\n\nni hao\t泥号\t2.5\nxian,西安\nzhōng guó，重过,\n", encoding="utf-8")
    assert read_words(path, Syllabary(SYLLABLES), 2) == [
        UserWord(("ni", "hao"), "泥号", 2.5),
        UserWord(("xi", "an"), "西安", WEIGHT),
        UserWord(("zhong", "guo"), "重过", WEIGHT),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ni hao 你好", r"line 2, 'ni hao 你好': 1 part\(s\); give reading, text and weight"),
        ("ni hao\t你", r"2 syllable\(s\) for 1 character"),
        ("qqq\t你", "'qqq' is no pinyin"),
        ("ni\t你\tmuch", "the weight 'much' is no number"),
        ("ni\t你\t0", "the weight 0 is not above 0"),
        ("ni\t你\tnan", "the weight nan is not above 0"),
        ("ni hao ma\t你好吗", "more than 2 characters"),
    ],
)
def test_a_line_that_is_no_word_is_named(tmp_path: Path, line: str, said: str):
    with pytest.raises(CasebookError, match=said):
        read_words(written(tmp_path, f"# mine\n{line}\n"), Syllabary(SYLLABLES), 2)
    with pytest.raises(CasebookError, match="cannot be read: No such file"):
        read_words(tmp_path / "none.txt", Syllabary(SYLLABLES), 2)
    with pytest.raises(CasebookError, match="no word in it"):
        read_words(written(tmp_path, "# mine\n"), Syllabary(SYLLABLES), 2)


def test_a_word_beats_what_else_its_syllables_are_and_others_stay(predictor, tmp_path: Path):
    path = written(tmp_path, "ni hao\t泥号\t100000\n")
    assert best(predictor, path, "ni hao") == best(predictor, path, "nihao") == "泥号"
    assert best(predictor, path, "zhong guo") == predictor.convert(["zhong guo"], 1)[0].text
    assert predictor.convert(["ni hao"], 1)[0].text == "你好"


def test_a_character_that_the_model_does_not_know_can_be_one(predictor, tmp_path: Path):
    path = written(tmp_path, "guo\t囯\t900000\nzhong guo\t仲囯\t900000\n")
    assert best(predictor, path, "guo") == "囯"
    assert best(predictor, path, "zhong1 guo2") == best(predictor, path, "zhongguo") == "仲囯"


def test_a_model_with_further_words_says_the_same_of_the_others():
    old = word_model()
    new = old.longer(np.log([0.25, 0.5]).astype(np.float32))
    words = np.array([SYMBOL["你好"], SYMBOL["吗"], SYMBOL["西安"], SYMBOL["过"], SYMBOL["了"]])
    start = np.array([0, 2, 5])
    assert new.score(words, start).tolist() == old.score(words, start).tolist()
    first = len(WORDS) + 2
    (log_p,) = new.step(np.array([0]), np.array([-1]), np.array([first + 1]))[0]
    assert log_p == pytest.approx(old.unigram_backoff[0] + np.log(0.5))
