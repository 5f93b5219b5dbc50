"""JSON and keys of requests: what nobody means twice, and what nobody can write."""

import pytest

from components.serving.parsing import first_twice, key_of_text, parse_json
from components.serving.problems import Problem


@pytest.mark.parametrize(
    ("names", "twice"),
    [
        ([], None),
        (["a", "b", "c"], None),
        (["a", "b", "b", "a"], "b"),  # the first that has stood there, not the first that stands there again
        (["", "a", ""], ""),
        ([str(number) for number in range(50_000)], None),  # each with each other would be a billion looks
    ],
)
def test_the_first_name_that_stands_twice(names, twice):
    assert first_twice(names) == twice


def test_nan_is_null_where_it_is_read_at_all():
    body = b'{"a": [1, NaN, "NaN"], "b": {"c": NaN}}'
    assert parse_json(body, nan=True) == {"a": [1, None, "NaN"], "b": {"c": None}}
    with pytest.raises(Problem, match="no JSON"):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": NaN, "b": "\\ud800"}', "surrogate"),  # half of a pair
        (b'{"a": NaN, "b": "\xed\xa0\x80"}', "surrogate"),  # the same, as bytes
        (b'{"a": NaN, "b": 1e999}', "no JSON"),
        (b'{"a": NaN, "b": -Infinity}', "-Infinity is no number"),
        (b'{"a": NaN, "b": ' + b"9" * 5_000 + b"}", "no JSON"),
        (b'{"a": NaN, "b": ' + b"9" * 400 + b"}", "no JSON"),
        (b'{"a": NaN, "a": 1}', "key 'a' twice"),
        (b'{"a": NaN, "": 1, "": 2}', "key '' twice"),
        (b'{"a": NaN, "b": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "too deep"),
        (b'{"a": NaN', "no JSON"),
        (b'{"a": NaN, "b": "\xff"}', "no JSON"),
    ],
)
def test_beside_nan_stands_what_all_bodies_may_have_and_nothing_else(body, said):
    with pytest.raises(Problem, match=said) as wrong:
        parse_json(body, nan=True)
    assert wrong.value.status == 400


def test_whole_numbers_of_any_size_are_read_alike_with_nan_and_without():
    assert parse_json(b'{"a": NaN, "b": 100000000000000000000000000000}', nan=True) == {"a": None, "b": 1e29}
    assert parse_json(b'{"b": 100000000000000000000000000000}') == {"b": 1e29}


def test_keys_that_come_as_texts_are_read_as_json_but_for_ids():
    asked = {"request_id": "7", "top": "7", "explain": "never", "log": "false", "allow": "[1]"}
    found = {name: key_of_text(name, text) for name, text in asked.items()}
    assert found == {"request_id": "7", "top": 7, "explain": "never", "log": False, "allow": [1]}
