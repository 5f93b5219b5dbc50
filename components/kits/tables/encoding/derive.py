"""Derived features: arithmetic over columns, two functions, and nothing else that Python could do."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {"exp": np.exp, "log1p": np.log1p}
QUOTED = re.compile(r"`([^`]+)`")
LARGEST = 1e100
DEEPEST = 50  # levels of nesting, far from where Python's own recursion would end


def names_in(expression: str) -> set[str]:
    """The columns an expression such as "Amount / (`Net income` + 1)" uses.

    Raises:
        ValueError: it is not made of names, numbers, + - * /, exp(...), log1p(...) and parentheses.
    """
    tree, quoted = _parse(expression)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    return {quoted.get(name, name) for name in names}


def evaluate(expression: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """The expression over columns of shape (N,), as float64 (N,); NaN where a part is NaN or 0 divides."""
    tree, quoted = _parse(expression)
    with np.errstate(all="ignore"):
        result = np.asarray(_value(tree, columns, quoted), dtype=np.float64)
        return np.where(np.isfinite(result), result, np.nan)


@lru_cache(maxsize=1024)  # the server evaluates the same few for every request
def _parse(expression: str) -> tuple[ast.expr, Mapping[str, str]]:
    """The syntax tree, checked, and the names in backquotes by the identifiers that stand for them."""
    quoted: dict[str, str] = {}

    def identifier(match: re.Match[str]) -> str:
        quoted[f"_quoted_{len(quoted)}_"] = match[1]
        return f" _quoted_{len(quoted) - 1}_ "

    try:
        tree = ast.parse(QUOTED.sub(identifier, expression).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ValueError(f"not an expression: {expression!r}; write one such as `Amount` / (`Income` + 1)") from None
    _check(tree, expression, 0)
    return tree, quoted


def _check(node: ast.AST, expression: str, depth: int) -> None:
    match node:
        case ast.BinOp(op=op) if type(op) in BINARY and depth < DEEPEST:
            _check(node.left, expression, depth + 1)
            _check(node.right, expression, depth + 1)
        case ast.UnaryOp(op=op) if type(op) in UNARY and depth < DEEPEST:
            _check(node.operand, expression, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS and depth < DEEPEST:
            _check(argument, expression, depth + 1)
        case ast.Name():
            pass
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and value < LARGEST:
            pass
        case _:
            part = ast.unparse(node) if depth < DEEPEST else "a part nested too deeply"
            allowed = "names, numbers, + - * /, exp(...), log1p(...) and parentheses"
            raise ValueError(f"{expression!r} may hold {allowed}, not {part}")


def _value(node: ast.AST, columns: Mapping[str, np.ndarray], quoted: Mapping[str, str]) -> Any:
    match node:
        case ast.BinOp():
            left, right = (_value(side, columns, quoted) for side in (node.left, node.right))
            return BINARY[type(node.op)](left, right)
        case ast.UnaryOp():
            return UNARY[type(node.op)](_value(node.operand, columns, quoted))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return FUNCTIONS[name](_value(argument, columns, quoted))
        case ast.Name():
            return columns[quoted.get(node.id, node.id)]
        case ast.Constant():
            return np.float64(node.value)  # type: ignore[arg-type]
    raise AssertionError(f"{ast.dump(node)} was let through by the check")
