from components.recipes.conversion.assembly.lattice.corpus import Corpus
from components.recipes.conversion.assembly.lattice.kinds import word_kinds

CLAUSES = [["中国", "人"], ["外国", "工作"], ["工作", "人"], ["工作"], ["大工厂", "小工厂", "好人"]]
TAGS = [["ns", "n"], ["n", "vn"], ["v", "n"], ["v"], ["nz", "nz", "n"]]
SYLLABLES = ["" for _ in CLAUSES]


def test_a_word_has_the_tag_that_it_has_most_often():
    assert word_kinds(Corpus(CLAUSES, SYLLABLES, TAGS), ["工作", "人", "中国"]) == ["v", "n", "ns"]


def test_other_words_have_a_guess_by_their_last_character_and_length():
    """国 ends a place and a noun, of which n is first by code points; 厂 ends words of three characters and more."""
    corpus = Corpus(CLAUSES, SYLLABLES, TAGS)
    assert word_kinds(corpus, ["法国", "新建的厂", "工厂", "汽", ""]) == ["~n", "~nz", "", "", ""]


def test_a_text_without_tags_has_no_kinds():
    assert word_kinds(Corpus(CLAUSES, SYLLABLES, None), ["工作", "法国"]) == ["", ""]
