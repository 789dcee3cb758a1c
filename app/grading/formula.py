"""Arithmetic over grader scores (`0.5 * a + min(b, c)`), read as a tree and never executed as code."""

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MAX_CHARS = 1000
MAX_DEPTH = 50
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
# The functions the hosted API allows.
_OF_ONE: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "log": math.log,
}
_OF_MANY: dict[str, Callable[[list[float]], float]] = {"min": min, "max": max}
FUNCTIONS = (*_OF_MANY, *_OF_ONE)


class Formula:
    """A formula over named scores. `names` are those it uses."""

    def __init__(self, text: str) -> None:
        """Raises ValueError when the text is more than arithmetic."""
        if len(text) > MAX_CHARS or text.count("(") > MAX_DEPTH:
            raise ValueError(f"a formula has at most {MAX_CHARS} characters")
        try:
            self._tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise ValueError(f"{text[:80]!r} is not a formula") from None
        self.names = frozenset(_names(self._tree, 0))

    def value(self, scores: Mapping[str, float]) -> float:
        """Raises ArithmeticError or ValueError where the formula has no value (1/0, sqrt(-1))."""
        return float(_evaluate(self._tree, scores))


def _names(node: ast.expr, depth: int) -> Iterator[str]:
    """The names used; raises ValueError at whatever is not arithmetic."""
    if depth > MAX_DEPTH:
        raise ValueError("the formula is nested too deeply")
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return
        case ast.Name(id=name):
            yield name
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            yield from _names(left, depth + 1)
            yield from _names(right, depth + 1)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            yield from _names(operand, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if _fits(name, args):
            for argument in args:
                yield from _names(argument, depth + 1)
        case _:
            raise ValueError(
                f"only numbers, grader names, + - * / ^ and {', '.join(FUNCTIONS)} are allowed"
            )


def _fits(name: str, arguments: list[ast.expr]) -> bool:
    return (name in _OF_ONE and len(arguments) == 1) or (name in _OF_MANY and bool(arguments))


def _evaluate(node: Any, scores: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return scores[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_evaluate(left, scores), _evaluate(right, scores))
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_evaluate(operand, scores))
    values = [_evaluate(argument, scores) for argument in node.args]
    if node.func.id in _OF_MANY:
        return _OF_MANY[node.func.id](values)
    return _OF_ONE[node.func.id](values[0])
