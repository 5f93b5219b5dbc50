"""Derived features as functions that Python has compiled once: `encoding.derive` without its walk."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from components.kits.tables.encoding.derive import BINARY, FUNCTIONS, QUOTED, names_in

Columns = Mapping[str, np.ndarray]
OPERATORS = {f"operator_{kind.__name__}": does for kind, does in BINARY.items()}


def compiled(expression: str) -> Callable[[Columns], Any]:
    """The expression as a function of columns, what is no finite number left as it is; as `evaluate` else.

    Raises:
        ValueError: it may not hold that.
    """
    names_in(expression)  # checks it
    quoted: list[str] = []

    def identifier(match: Any) -> str:
        quoted.append(match[1])
        return f" _quoted_{len(quoted) - 1}_ "

    tree = ast.parse(QUOTED.sub(identifier, expression).strip(), mode="eval")
    names = {f"_quoted_{place}_": name for place, name in enumerate(quoted)}
    rewritten = ast.fix_missing_locations(ast.Expression(_Rewritten(names).visit(tree.body)))
    known = {"__builtins__": {}, "float64": np.float64, **OPERATORS, **FUNCTIONS}
    code = compile(rewritten, "<derived feature>", "eval")
    return lambda columns: eval(code, known, {"columns": columns})  # noqa: S307 - made of what has been checked


class _Rewritten(ast.NodeTransformer):
    """Names as items of `columns`, numbers as doubles, and operators as the functions that stand for them."""

    def __init__(self, quoted: Mapping[str, str]) -> None:
        self._quoted = quoted

    def visit_Name(self, node: ast.Name) -> ast.AST:
        name = ast.Constant(self._quoted.get(node.id, node.id))
        return ast.Subscript(ast.Name("columns", ast.Load()), name, ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Call(ast.Name("float64", ast.Load()), [node], [])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return ast.Call(node.func, [self.visit(node.args[0])], [])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        does = ast.Name(f"operator_{type(node.op).__name__}", ast.Load())
        return ast.Call(does, [self.visit(node.left), self.visit(node.right)], [])
