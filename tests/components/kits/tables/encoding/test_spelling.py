import pyarrow as pa

from components.kits.tables.encoding.spelling import Spelling, folded, written


def test_case_width_and_blanks_say_nothing() -> None:
    texts = pa.array(["Rent", "RENT", " rent ", "Ｒｅｎｔ", "re nt", "Re\u3000 nt", None], pa.large_string())
    assert folded(texts).to_pylist() == ["rent", "rent", "rent", "rent", "re nt", "re nt", None]


def test_a_class_is_written_as_listed_or_else_as_most_often() -> None:
    texts = pa.array(["RENT", "rent", "rent", "OWN", "Own", None], pa.large_string())
    assert written(texts) == {"rent": "rent", "own": "OWN"}  # of equals, the first by name
    assert written(texts, ["Rent"]) == {"rent": "Rent", "own": "OWN"}


def test_a_class_that_is_not_known_stays_as_it_is() -> None:
    spelling = Spelling.of({"rent": "Rent", "own": "own"})
    found = spelling(pa.array(["RENT", "ｏｗｎ", "Castle", None], pa.large_string()))
    assert found.to_pylist() == ["Rent", "own", "Castle", None]
    assert Spelling.of({})(pa.array(["A", None], pa.large_string())).to_pylist() == ["A", None]
