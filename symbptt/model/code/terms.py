"""Expressions of a step function in the model language: samples as columns, whatever the code has."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from symbptt.errors import BadInput
from symbptt.model.code import tables

MOST_INLINED = 8
"""Helpers inside helpers."""
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult)


@dataclass(frozen=True)
class Term:
    """An expression of the model language.

    A `sample` comes from inputs or states; one that is a `matrix` is multiplied as it stands. A `dimension` is a size.
    """

    node: ast.expr
    sample: bool = False
    dimension: bool = False
    matrix: bool = False


@dataclass
class Code:
    """What the rest of the file offers: helper functions, and what the attributes of a class are."""

    file: str
    helpers: dict[str, ast.FunctionDef] = field(default_factory=dict)
    linear: dict[str, bool] = field(default_factory=dict)
    """Attributes that are nn.Linear, and whether they have a bias."""
    module_names: frozenset[str] = frozenset()
    constants: dict[str, float] = field(default_factory=dict)
    """Numbers that statements outside functions give a name."""

    def refuse(self, node: ast.AST, why: str) -> BadInput:
        """The error for what cannot be said, with its line."""
        shown = ast.unparse(node).splitlines()[0][:60]
        return BadInput(f"{self.file}, line {getattr(node, 'lineno', 0)}: {shown}: {why}")


def name(text: str) -> ast.Name:
    """A name of the model language."""
    return ast.Name(text, ast.Load())


def called(function: str, *operands: ast.expr) -> ast.Call:
    """A function of the model language."""
    return ast.Call(name(function), list(operands), [])


def transposed(node: ast.expr) -> ast.expr:
    """The transpose of a matrix."""
    return node.value if isinstance(node, ast.Attribute) else ast.Attribute(node, "T", ast.Load())


Look = Callable[[ast.expr], "Term | None"]
"""What a name, an attribute or an entry of a dict stands for; None if it is none of these."""


@dataclass
class Reader:
    """Reads expressions; `look` tells what names stand for."""

    code: Code
    look: Look
    depth: int = 0

    def term(self, node: ast.expr) -> Term:
        """The term that an expression is. Raises BadInput with the line for what the language cannot say."""
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return Term(node)
        if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
            inner = self.term(node.value)
            return inner if inner.sample and not inner.matrix else Term(transposed(inner.node), inner.sample, matrix=inner.matrix)
        found = self.look(node)
        if found is not None:
            return found
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.term(node.operand)
            return Term(ast.UnaryOp(node.op, inner.node), inner.sample)
        if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
            left, right = self.term(node.left), self.term(node.right)
            if isinstance(node.op, ast.MatMult):
                return self.product(left, right, node)
            sizes = all(side.dimension or isinstance(side.node, ast.Constant) for side in (left, right))
            sample, matrix = left.sample or right.sample, left.matrix or right.matrix
            return Term(ast.BinOp(left.node, node.op, right.node), sample, sizes, matrix)
        if isinstance(node, ast.Subscript):
            return self._slice(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self.code.refuse(node, "the model language cannot say this")

    def product(self, left: Term, right: Term, node: ast.AST) -> Term:
        """A matrix product: a sample that stands as a row on the left becomes a column on the right."""
        if left.matrix:
            return Term(ast.BinOp(left.node, ast.MatMult(), right.node), True)
        if left.sample and right.sample and not right.matrix:
            raise self.code.refuse(node, "a product of two values of the step; write dot, outer or * for the one that is meant")
        if not left.sample and not right.sample:
            raise self.code.refuse(node, "a product of two parameters, of which the first may be a vector or a matrix")
        if left.sample:
            return Term(ast.BinOp(transposed(right.node), ast.MatMult(), left.node), True)
        return Term(ast.BinOp(left.node, ast.MatMult(), right.node), right.sample)

    def _slice(self, node: ast.Subscript) -> Term:
        inner, index = self.term(node.value), node.slice
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        if parts and isinstance(parts[0], ast.Constant) and parts[0].value is Ellipsis:
            parts = parts[1:]
        if len(parts) == 2 and any(map(_whole, parts)):
            parts = [part for part in parts if not _whole(part)] or parts[:1]
        if all(_whole(p) or (isinstance(p, ast.Constant) and p.value is None) for p in parts):
            return inner
        if len(parts) != 1 or not isinstance(parts[0], ast.Slice) or parts[0].step is not None:
            raise self.code.refuse(node, "only slices such as a[:, H:2*H] can be said")
        low, high = parts[0].lower, parts[0].upper
        if high is None:
            raise self.code.refuse(node, "say where the slice ends, as in a[3*H:4*H]")
        bounds = ast.Slice(self.term(low).node if low else ast.Constant(0), self.term(high).node)
        return Term(ast.Subscript(inner.node, bounds, ast.Load()), inner.sample)

    def _call(self, node: ast.Call) -> Term:
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "self":
            return self._layer(node, function.attr)
        short = function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
        if isinstance(function, ast.Name) and short in self.code.helpers:
            return self._inlined(node, self.code.helpers[short])
        operands = list(node.args)
        if len(operands) > 1 and _is_axis(operands[-1]) and short in (tables.UNARY.keys() | tables.JOINED):
            operands.pop()
        if any(k.arg not in tables.AXES and k.arg != "min" for k in node.keywords):
            raise self.code.refuse(node, "an argument by keyword that the model language does not have")
        if isinstance(function, ast.Attribute) and not self._is_library(function.value):
            operands = [function.value, *operands]
        return self._function(node, short, operands)

    def _is_library(self, node: ast.expr) -> bool:
        """np, torch.nn.functional and the like."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.code.module_names

    def _function(self, node: ast.Call, short: str, operands: list[ast.expr]) -> Term:
        zeros = [*operands, *(k.value for k in node.keywords if k.arg == "min")]
        if short in ("maximum", "clamp", "clip") and len(zeros) == 2 and any(map(_is_zero, zeros)):
            inner = next(self.term(a) for a in zeros if not _is_zero(a))
            return Term(called("relu", inner.node), inner.sample)
        if short in tables.UNARY and len(operands) == 1:
            inner = self.term(operands[0])
            return Term(called(tables.UNARY[short], inner.node), inner.sample)
        if short in tables.SAME and operands:
            return self.term(operands[0])
        if short == "square" and operands:
            inner = self.term(operands[0])
            return Term(ast.BinOp(inner.node, ast.Pow(), ast.Constant(2)), inner.sample)
        if short in tables.PRODUCTS and len(operands) == 2:
            return self.product(self.term(operands[0]), self.term(operands[1]), node)
        if short in tables.ELEMENTWISE and len(operands) == 2:
            written = ast.parse(f"a {tables.ELEMENTWISE[short]} b", mode="eval").body
            assert isinstance(written, ast.BinOp)
            left, right = self.term(operands[0]), self.term(operands[1])
            return Term(ast.BinOp(left.node, written.op, right.node), left.sample or right.sample)
        if short in tables.JOINED and operands and isinstance(operands[0], (ast.List, ast.Tuple)):
            parts = [self.term(part) for part in operands[0].elts]
            return Term(called("concat", *(part.node for part in parts)), any(part.sample for part in parts))
        if short == "outer" and len(operands) == 2:
            return Term(called("outer", *(self.term(o).node for o in operands)), True, matrix=True)
        if short == "linear" and len(operands) >= 2:
            made = self.product(Term(self.term(operands[1]).node), self.term(operands[0]), node)
            bias = self.term(operands[2]).node if len(operands) > 2 else None
            return Term(ast.BinOp(made.node, ast.Add(), bias), True) if bias is not None else made
        if short == "einsum" and len(node.args) == 3:
            return self._einsum(node)
        raise self.code.refuse(node, f"the model language has no {short or 'such call'}")

    def _einsum(self, node: ast.Call) -> Term:
        """A matrix with a sample: the index that both have is summed over."""
        spec = node.args[0]
        if not isinstance(spec, ast.Constant) or not isinstance(spec.value, str) or "->" not in spec.value:
            raise self.code.refuse(node, "only a matrix with a vector can be said")
        (one, other), made = spec.value.replace(" ", "").split("->")[0].split(","), spec.value.replace(" ", "").split("->")[1]
        pairs = [(one, self.term(node.args[1])), (other, self.term(node.args[2]))]
        matrix, sample = sorted(pairs, key=lambda pair: pair[1].sample)
        shared = set(matrix[0]) & set(sample[0]) - set(made)
        if matrix[1].sample or not sample[1].sample or len(matrix[0]) != 2 or len(shared) != 1:
            raise self.code.refuse(node, "only a matrix with a vector can be said")
        turned = matrix[0][0] in shared
        return Term(ast.BinOp(transposed(matrix[1].node) if turned else matrix[1].node, ast.MatMult(), sample[1].node), True)

    def _layer(self, node: ast.Call, attribute: str) -> Term:
        if attribute not in self.code.linear or len(node.args) != 1:
            raise self.code.refuse(node, "only layers that __init__ makes by nn.Linear can be called")
        made = ast.BinOp(name(f"W_{attribute}"), ast.MatMult(), self.term(node.args[0]).node)
        return Term(ast.BinOp(made, ast.Add(), name(f"b_{attribute}")) if self.code.linear[attribute] else made, True)

    def _inlined(self, node: ast.Call, helper: ast.FunctionDef) -> Term:
        """The value of a helper that is one return, its arguments put in."""
        body = [s for s in helper.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        arguments = [a.arg for a in helper.args.args]
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None or node.keywords:
            raise self.code.refuse(node, f"{helper.name} is more than one return; write its formula here")
        if len(arguments) != len(node.args) or self.depth == MOST_INLINED:
            raise self.code.refuse(node, f"{helper.name} is called in a way that cannot be followed")
        given = dict(zip(arguments, map(self.term, node.args), strict=True))

        def look(inner: ast.expr) -> Term | None:
            return given.get(inner.id) if isinstance(inner, ast.Name) else None

        return Reader(self.code, look, self.depth + 1).term(body[0].value)


def _whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is None


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _is_axis(node: ast.expr) -> bool:
    return ast.unparse(node) in ("0", "1", "-1")
