"""Lines in the way that a person asks for, and what is remembered of those before."""

import inspect

import numpy as np
import pytest

from components.recipes.conversion.params.params import PredictOptions
from components.recipes.conversion.serving.asked import Asked
from components.recipes.conversion.serving.memory import LINES, SAID, Memory
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.shared.asking import ask
from tests.components.recipes.conversion.serving.tiny import SYMBOL, WORDS, write_tiny


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


def answers(predictor: ConversionPredictor, line: str, **options: object) -> list[str]:
    found: list[str] = predictor.answers_to([line], n_best=9, **options)["text"]
    return found


def test_first_letters_stand_for_syllables_where_they_are_asked_for(predictor):
    assert answers(predictor, "zg") == ["zg"]
    assert "中国" in answers(predictor, "zg", abbreviations=True)
    assert "中国" in answers(predictor, "zhong g", abbreviations=True)


def test_sounds_that_are_taken_for_each_other_are_answered_too(predictor):
    assert set(answers(predictor, "le", fuzzy="n/l")) == {"了", "乐"}
    assert set(answers(predictor, "ni", fuzzy="n/x")) == {"你", "泥", "西"}
    assert answers(predictor, "xi an", fuzzy="n/x")[0] == "西安"
    assert "你好" in answers(predictor, "xi hao", fuzzy="n/x")


def test_one_slip_in_a_syllable_is_put_right_where_it_is_asked_for(predictor):
    assert answers(predictor, "ni hoa")[0] != "你好"
    assert answers(predictor, "ni hoa", typos=True)[0] == "你好"
    assert answers(predictor, "zhogn guo", typos=True)[0] == "中国"
    assert answers(predictor, "ni hao", typos=True)[0] == "你好"
    assert answers(predictor, "ni hoa", typos=True, abbreviations=True)[0] == "你好"
    assert "中国" in answers(predictor, "zg", typos=True, abbreviations=True)


def test_words_of_the_lines_before_are_favoured_until_they_are_forgotten(predictor):
    vocabulary = predictor.models.vocabulary
    memory = Memory(vocabulary, np.zeros(len(WORDS) + 2))
    memory.add("我说中国你好")
    there = {SYMBOL["中国"], SYMBOL["你好"]}
    assert set(np.flatnonzero(memory.favoured == SAID).tolist()) == there
    for _ in range(LINES - 1):
        memory.add("好吗")
    assert set(np.flatnonzero(memory.favoured).tolist()) == {*there, SYMBOL["好吗"]}
    memory.add("")
    assert set(np.flatnonzero(memory.favoured).tolist()) == {SYMBOL["好吗"]}


def test_what_was_answered_changes_the_next_line_where_it_is_asked_for(predictor):
    """国乐 and 过了 are both guo le; a line that says one of them makes it likelier."""
    first = dict(predictor.convert(["guo le"], 9)[0].alternatives)
    converter = predictor.converter(Asked(context=True))
    assert dict(converter.convert(["guo le"], 9)[0].alternatives) == pytest.approx(first)
    assert converter.memory is not None
    converter.memory.add("国乐")
    second = dict(converter.convert(["guo le"], 9)[0].alternatives)
    assert second["国乐"] > first["国乐"]
    third = predictor.converter(Asked(context=True)).convert(["guo le"], 9)[0]
    assert dict(third.alternatives) == pytest.approx(first)


def test_python_takes_the_options_of_predict(predictor):
    declared = set(PredictOptions.model_fields)
    taken = inspect.signature(predictor.answers_to).parameters.values()
    assert {one.name for one in taken if one.kind is inspect.Parameter.KEYWORD_ONLY} == declared
    assert ask(predictor, "tiny", ["zhogn guo"], {"typos": True})[0]["text"] == "中国"


def test_who_asks_for_nothing_gets_what_everybody_gets(predictor):
    assert Asked.of({"n_best": 3, "checks": {}}) == Asked()
    assert predictor.converter(Asked()) is predictor.converter()
