"""conv(x, w): the causal depthwise convolution w[:, 0] * x + w[:, 1] * x[t-1] + ..., written out as the text is read."""

import ast
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

from symbptt.model.lags import MAX_LAG
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed
from symbptt.model.values import Variable

NAME = "conv"
USAGE = "conv(x, w)"


def written_out(parsed: Parsed, variables: Mapping[str, Variable]) -> Parsed:
    """The expression without calls of conv; raises BadInput for one whose operands are no names or have no such shape."""
    if NAME in variables:
        return parsed
    return replace(parsed, tree=_Writer(parsed, variables).visit(parsed.tree))


class _Writer(ast.NodeTransformer):
    def __init__(self, parsed: Parsed, variables: Mapping[str, Variable]) -> None:
        self.parsed, self.variables = parsed, variables

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id == NAME):
            return node
        here = self.parsed.at(node)
        if len(node.args) != 2 or node.keywords or not all(isinstance(a, ast.Name) for a in node.args):
            raise here.error(f"{NAME} takes two names, {USAGE}: give a formula a left side of its own")
        x, w = (a.id for a in node.args if isinstance(a, ast.Name))
        terms = [ast.BinOp(_column(w, j), ast.Mult(), _before(x, j)) for j in range(self._width(w, here))]
        total = reduce(lambda left, right: ast.BinOp(left, ast.Add(), right), terms)
        for part in ast.walk(total):
            ast.copy_location(part, node)
        return total

    def _width(self, w: str, here: Place) -> int:
        shape = self.variables[w].shape if w in self.variables else ()
        if w in self.variables and self.variables[w].heads is not None:
            raise here.error(f"{NAME} does not work within heads; convolve before split_heads(...), with a w as \"M*K 4\"")
        width = shape[1] if len(shape) == 2 else ""
        if not width.isdigit() or int(width) > MAX_LAG + 1:
            columns = f"1 to {MAX_LAG + 1} columns, one per step back, as in w = \"D 4\""
            raise here.error(f"{USAGE} expects a declared w with {columns}")
        return int(width)


def _column(w: str, j: int) -> ast.expr:
    return ast.Subscript(ast.Name(w, ast.Load()), ast.Tuple([ast.Slice(), ast.Constant(j)], ast.Load()), ast.Load())


def _before(x: str, j: int) -> ast.expr:
    now = ast.Name(x, ast.Load())
    return ast.Subscript(now, ast.BinOp(ast.Name("t", ast.Load()), ast.Sub(), ast.Constant(j)), ast.Load()) if j else now
