import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import CasebookError
from components.recipes.next_item.metrics.protocol import RankingProtocol
from components.recipes.next_item.metrics.sets import NOTHING, Sets
from components.recipes.next_item.report.examples import Titles, example, render_page
from tests.examples import examples

PROTOCOL = RankingProtocol("leave-one-out", "test", 2, 5)
TITLES = Titles(
    list("abcde"), ["Alien", "Brazil", None, "Delicatessen", "Eraserhead"], [["Horror", "SF"], ["SF"], [], [], []]
)
DAY = 86_400


HISTORY = Sets(np.array([3, 2, 1]), np.array([0, 3, 3]))


def one(titles=TITLES, user="42", facts=None, row=0, recommended=((4, 0, NOTHING), (1, 2, 3)), left_out=None, rank=2.0):
    return example(
        row,
        user=user,
        facts=facts or {"gender": "F"},
        history=HISTORY,
        left_out=HISTORY if left_out is None else left_out,
        times=np.array([0, DAY, 400 * DAY]),
        recommended=np.array(recommended),
        scores=np.array([[2.5, 1.0, 0.0], [3.0, 2.0, 1.0]]),
        target=np.array([0, 0]),
        rank=np.array([rank, 5.0]),
        titles=titles,
        last=2,
    )


def page(*examples):
    return render_page(examples, protocol=PROTOCOL, title="Examples", score_name="score")


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


def test_the_last_items_are_newest_first_and_the_hit_is_marked():
    found = one()
    assert [(line.title, line.note) for line in found.history] == [("Brazil", "1971-02-05"), ("item c", "1970-01-02")]
    assert [(line.title, line.genres, line.note, line.asked) for line in found.recommended] == [
        ("Eraserhead", "", "2.50", False),
        ("Alien", "Horror, SF", "1.00", True),
    ]
    assert (found.events, found.rank, found.candidates, found.hit) == (3, 2, 5 - 3, True)


def test_seen_items_are_candidates_where_they_are_not_left_out():
    assert one(left_out=Sets.none(2)).candidates == 5


def test_an_item_that_no_list_could_hold_has_no_rank():
    found = one(rank=np.inf)
    assert found.rank is None
    assert "which the user had before, so that no list holds it: missed." in page(found)


def test_a_user_without_history_or_hit():
    found = one(row=1)
    assert (found.history, found.events, found.hit, found.candidates) == ([], 0, False, 5)
    assert "none: nothing is known of this user" in page(found)


def test_the_page_says_how_it_was_measured_and_counts_its_hits():
    text = page(one(), one(row=1))
    words = re.sub(r"\s+", " ", "".join(Reader(text).words))
    assert PROTOCOL.caption in words
    assert "2 users drawn at random" in words
    assert "in the list of 1 of them" in words
    assert "ranked 2 of 2" in words
    assert text.count('class="hit"><td') == 1


def test_the_page_asks_nothing_of_the_network():
    text = page(one())
    assert not re.search(r"https?:|//|src=|href=|url\(|@import", text)
    assert "default-src 'none'" in text


def test_a_script_in_a_title_stays_a_title():
    evil = "<script>alert('x')</script>"
    titles = Titles(list("abcde"), [evil] * 5, [[evil]] * 5)
    text = page(one(titles, user=evil, facts={evil: evil}))
    assert "<script" not in text
    assert "script" not in Reader(text).tags
    assert evil in "".join(Reader(text).words)


@settings(deadline=None, max_examples=examples(40))
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\x00"), min_size=1, max_size=20))
def test_no_word_of_the_data_becomes_markup(word):
    plain = Reader(page(one()))
    found = Reader(page(one(Titles([word] * 5, [word] * 5, [[word]] * 5), user=word, facts={word: word})))
    assert (found.tags, found.attributes) == (plain.tags, plain.attributes)


def test_a_page_of_nobody_is_refused():
    with pytest.raises(CasebookError, match="no user was chosen"):
        page()
