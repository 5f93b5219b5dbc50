import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kits.tables.encoding.derive import evaluate, names_in

COLUMNS = {
    "a": np.array([6.0, 1.0, np.nan]),
    "net income": np.array([2.0, 0.0, 1.0]),
    "金额": np.array([1.0, 2.0, 3.0]),
    "exp": np.ones(3),
}
NAN = float("nan")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a / `net income`", [6 / 2, NAN, NAN]),
        ("-(a + 1) * 2", [-14, -4, NAN]),
        ("金额 - 0.5", [0.5, 1.5, 2.5]),
        ("`net income` / `net income`", [1, NAN, 1]),
        ("exp(-`net income`)", [np.exp(-2.0), 1, np.exp(-1.0)]),
        ("log1p(a) / 2 + exp", [np.log(7.0) / 2 + 1, np.log(2.0) / 2 + 1, NAN]),  # a column may have a function's name
        ("log1p(-a)", [NAN, NAN, NAN]),
        ("a * 1e99 * 1e99 * 1e99 * 1e99", [NAN, NAN, NAN]),
    ],
)
def test_arithmetic(expression: str, expected: list[float]) -> None:
    np.testing.assert_array_equal(evaluate(expression, COLUMNS), expected)


def test_names() -> None:
    assert names_in("(a + `net income`) / 金额 - a") == {"a", "net income", "金额"}
    assert names_in("exp(a) + log1p(exp)") == {"a", "exp"}


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')",
        "a ** 9",
        "exp(a, 2)",
        "exp()",
        "exp(x=a)",
        "eval(a)",
        "exp(exp)(a)",
        "exp(*a)",
        "a.__class__",
        "a[0]",
        "a if b else 1",
        "[a for a in b]",
        "'x' * 9",
        "a == 1",
        "True + a",
        "1j + a",
        "lambda: a",
        "a; b",
        "a :=",
        "",
        "`a",
        "a + 1e101",
        "(" * 300 + "a" + ")" * 300,
        "-" * 100_000 + "a",
        "+".join(["a"] * 1000),
    ],
)
def test_whatever_is_no_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"expression|may hold names, numbers"):
        names_in(expression)


@given(st.text("abc `1.+-*/()_ ", max_size=30))
def test_any_text_is_an_expression_or_is_refused(expression: str) -> None:
    try:
        names = names_in(expression)
    except ValueError:
        return
    columns = {name: np.array([1.0, 0.0]) for name in names}
    assert np.broadcast_to(evaluate(expression, columns), 2).shape == (2,)
