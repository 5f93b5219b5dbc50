import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.conversion.report.examples import PLACES, Section, choose, example, render_page
from components.recipes.conversion.report.slices import length_groups
from tests.examples import examples


def one(answer="今天天汽很好", name="7", system="model", best=()):
    return example(name, "今天天气很好", "jin tian tian qi hen hao", {system: answer}, best)


def page(*examples, word="drawn"):
    return render_page([Section(word, word, examples)], title=f"Examples {word}", caption=word)


def shown(found, system="model"):
    return [(cell.text, cell.wrong) for block in found.blocks for cell in block.cells[system]]


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.words.append(data)


def test_wrong_characters_are_marked_and_right_ones_are_not():
    found = one()
    assert shown(found) == [("今", False), ("天", False), ("天", False), ("汽", True), ("很", False), ("好", False)]
    assert found.right == {"model": False}
    text = page(found)
    assert text.count('class="wrong"') == 1
    assert '<td class="wrong" title="wrong">汽</td>' in text
    assert page(one("今天天气很好")).count('class="wrong"') == 0


def test_what_is_missing_or_added_stands_where_it_belongs():
    assert shown(one("今天天很好"))[3:5] == [("", True), ("很", False)]
    assert "∅</td>" in page(one("今天天很好"))
    assert shown(one("啊今天天气很好呢"))[::5] == [("啊今", True), ("好呢", True)]
    assert [cell for cell in shown(one("")) if cell != ("", True)] == []


def test_long_clauses_go_on_below():
    length = 2 * PLACES + 1
    found = example("1", "好" * length, " ".join(["hao"] * length), {"model": "好" * length}, [])
    assert [len(block.reference) for block in found.blocks] == [PLACES, PLACES, 1]
    assert page(found).count("<table>") == 3


def test_the_best_answers_are_listed_and_the_right_one_stands_out():
    text = page(one(best=[("今天天汽很好", -1.5), ("今天天气很好", -2.25)]))
    assert "<li>今天天汽很好<small>-1.50</small></li>" in text
    assert '<li class="meant">今天天气很好<small>-2.25</small></li>' in text


def test_the_page_asks_nothing_of_the_network():
    text = page(one())
    assert not re.search(r"https?:|//|src=|href=|url\(|@import", text)
    assert "default-src 'none'" in text


@settings(deadline=None, max_examples=examples(40))
@given(st.text(st.characters(blacklist_categories=["Cs", "Zs", "Cc"]), min_size=1, max_size=12))
def test_no_word_of_the_data_becomes_markup(word):
    def made(text):
        spelled = " ".join([f"<b>{text}"] * len(text))
        return example(text, text, spelled, {text: text}, [(text, 1.0)])

    plain, found = Reader(page(made("好" * len(word)), word="x")), Reader(page(made(word), word=word))
    assert (found.tags, found.attributes) == (plain.tags, plain.attributes)
    evil = "<script>alert('x')</script>"
    assert "<script" not in page(one(evil, name=evil, system=evil, best=[(evil, 0.0)]), word=evil)


def test_clauses_are_drawn_from_each_band_and_then_from_the_wrong_ones():
    target = np.array(["好"] * 30 + ["好好好"] * 30 + ["好好好好好"], dtype=object)
    wrong = np.arange(len(target)) % 5 == 0
    bands = length_groups(target, [2, 4])
    every, failed = choose(bands, wrong, per_band=4, seed=1)
    assert [len(target[row]) for row in every] == [1] * 4 + [3] * 4 + [5]
    assert wrong[failed].all()
    assert len(np.unique([*every, *failed])) == len(every) + len(failed) == 9 + 8
    again = choose(bands, wrong, per_band=4, seed=1)
    np.testing.assert_array_equal(np.concatenate(again), np.concatenate([every, failed]))


def test_what_makes_no_page_is_refused():
    with pytest.raises(CasebookError, match="no clause was chosen"):
        render_page([], title="", caption="")
    with pytest.raises(CasebookError, match="clause 3: 1 syllables for '天气'"):
        example("3", "天气", "tian", {}, [])
