"""Single assignment: nested sub-expressions get names, so that local derivative rules see variables.

A right-hand side comes out in one of these forms. *Atoms* are variables, transposed variables and constants.

- a nonlinear node of atoms (half a squared norm may keep a sum of scaled atoms);
- a sum of scaled terms, each an atom, a matrix product of atoms, an elementwise product of operands, a total, a spread atom,
  stacked atoms or a slice of an atom. Operands are atoms, spread atoms, columns of a matrix that all steps share, and sums of
  scaled ones of these.

Whatever does not fit becomes an intermediate: a LOCAL variable with a `definition`, named after the equation that needs it.
Equal sub-expressions share one.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import words
from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import HEADS, EachHead, HeadBroadcast, HeadProduct, HeadTranspose, SumHeads
from symbptt.algebra.nodes import CONSTANTS, NONLINEAR, STRUCTURE, Broadcast, Diag, HalfSquaredNorm, Slice, SumAll, Timed, is_leaf
from symbptt.model.head_marks import heads_of
from symbptt.model.inferred_shape import inferred
from symbptt.model.values import Equation, Role, Variable


def is_atom(value: MatrixExpr) -> bool:
    """A variable, a transposed variable or a constant."""
    inner = value.arg if isinstance(value, sp.Transpose) else value
    return is_leaf(inner) or isinstance(value, CONSTANTS)


def _is_operand(value: MatrixExpr) -> bool:
    """An atom, a spread atom, a column, or a sum of scaled ones of these."""
    if isinstance(value, sp.MatAdd):
        return all(_is_operand(term) for term in value.args)
    _, factors = tidy.split_number(value)
    repeated = isinstance(factors[0], (Broadcast, HeadBroadcast, EachHead)) and is_atom(factors[0].args[0])
    return len(factors) == 1 and (is_atom(factors[0]) or repeated or _is_column(factors[0]))


def _is_column(value: MatrixExpr) -> bool:
    """A column of a matrix that all steps share, which needs no name: it is read where it is."""
    rows = value.arg if isinstance(value, sp.Transpose) else None
    whole = rows.args[0].arg if isinstance(rows, Slice) and isinstance(rows.args[0], sp.Transpose) else None
    return whole is not None and value.shape[1] == 1 and is_leaf(whole) and not isinstance(whole, Timed)


def _is_constant(value: MatrixExpr) -> bool:
    """A constant, or a multiple of one, which needs no name."""
    _, factors = tidy.split_number(value)
    return len(factors) == 1 and isinstance(factors[0], CONSTANTS)


def _repeated(column: MatrixExpr, matrix: MatrixExpr) -> MatrixExpr:
    """diag(d) X as d 1^T * X, entry by entry: a product that code broadcasts."""
    return tidy.hadamard(tidy.spread(column, *matrix.shape), matrix)


def _without_diagonals(factors: tuple[MatrixExpr, ...]) -> MatrixExpr:
    """A product in which every diag(d) is written as the scaling of its neighbour."""
    at = next((i for i, factor in enumerate(factors) if isinstance(factor, Diag)), None)
    if at is None or len(factors) == 1:
        return tidy.mul(*factors)
    before, d, after = factors[:at], factors[at].args[0], factors[at + 1 :]
    if after:
        scaled = _repeated(d, _without_diagonals(after))
        return tidy.mul(*before, scaled) if before else scaled
    whole = tidy.mul(*before)
    return tidy.hadamard(whole, tidy.spread(tidy.transpose(d), *whole.shape))


class Intermediates:
    """Collects the equations of a model and names sub-expressions on the way; the one place with state."""

    def __init__(self, variables: MutableMapping[str, Variable], taken: Iterable[str], training: bool = True) -> None:
        self.equations: list[Equation] = []
        self.buffers: dict[str, Variable] = {}
        self.training = training
        self._made: dict[str, Variable] = {}
        self.known: Mapping[str, Variable] = ChainMap(self._made, self.buffers, variables)
        self._taken = set(taken)
        self._shared: dict[MatrixExpr, MatrixExpr] = {}
        self._averages: dict[tuple[str, MatrixExpr], MatrixExpr] = {}
        self._prefix, self._number = "", 0

    def begin(self, target: str, number: int) -> None:
        """From now on, intermediates belong to this equation."""
        self._prefix, self._number = target, number

    def finish(self, target: Variable, value: MatrixExpr) -> None:
        """Add the equation target = value, in single-assignment form."""
        self.equations.append(Equation(target, self._side(value), self._number))

    def name(self, value: MatrixExpr, kind: str = "") -> MatrixExpr:
        """An atom equal to `value`: itself, or a new or shared intermediate, whose name may tell its kind."""
        if is_atom(value):
            return value
        if isinstance(value, sp.MatAdd) and (turned := tidy.transpose(value)).count(sp.Transpose) < value.count(sp.Transpose):
            return tidy.transpose(self.name(turned, kind))  # (o - y)^T is the transpose of one value, not another one
        side = self._side(value)
        if side not in self._shared:
            shape = inferred(side, self.known, heads_of(value, self.known))
            variable = Variable(self._fresh(kind), Role.LOCAL, *shape.parts, definition=side, heads=shape.heads)
            self._made[variable.name] = variable
            self.equations.append(Equation(variable, side, self._number))
            self._shared[side] = variable.at()
        return self._shared[side]

    def buffer(self, of: MatrixExpr, kind: str, init: str) -> MatrixExpr:
        """A moving average that stands for a batch statistic of an atom; its name is that of the statistic in training."""
        if (kind, of) not in self._averages:
            shape = inferred(of, self.known, heads_of(of, self.known))
            name = self._fresh(kind)
            about = words.everywhere(f"model.average.{kind}")
            variable = Variable(name, Role.BUFFER, *shape.parts, tied=False, description=about, init=init, heads=shape.heads)
            self.buffers[name] = variable
            self._averages[kind, of] = self.buffers[name].at()
        return self._averages[kind, of]

    def _fresh(self, kind: str) -> str:
        """A free name that begins with the equation's."""
        stem = f"{self._prefix}_{kind}" if kind else f"{self._prefix}_1"
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{stem}_{count}" if kind else f"{self._prefix}_{count}"
        self._taken.add(name)
        return name

    def _side(self, value: MatrixExpr) -> MatrixExpr:
        """A whole right-hand side."""
        if isinstance(value, HalfSquaredNorm):
            inner = self._term(value.args[0])
            return HalfSquaredNorm(inner if _is_operand(inner) else self.name(inner))
        if isinstance(value, NONLINEAR):
            return self._over_atoms(value)
        return self._term(value)

    def _term(self, value: MatrixExpr) -> MatrixExpr:
        """A sum or one of its terms."""
        if isinstance(value, sp.MatAdd):
            return tidy.add(*(self._term(term) for term in value.args))
        if isinstance(value, NONLINEAR):
            return self.name(value)
        if isinstance(value, Diag):
            return self._term(_repeated(value.args[0], sp.Identity(value.shape[0])))
        if isinstance(value, sp.MatMul):
            return self._product(value)
        if isinstance(value, sp.HadamardProduct):
            return tidy.hadamard(*(self._operand(factor) for factor in value.args))
        if isinstance(value, SumAll):
            return tidy.total(self._totalled(value.args[0]))
        if isinstance(value, sp.Transpose):
            return value if _is_column(value) else tidy.transpose(self.name(value.arg))
        if isinstance(value, HEADS):
            return self._of_heads(value)
        return self._over_atoms(value) if isinstance(value, STRUCTURE) else value

    def _product(self, value: sp.MatMul) -> MatrixExpr:
        number, factors = tidy.split_number(value)
        if len(factors) == 1:
            return tidy.scale(number, self._term(factors[0]))
        if any(isinstance(factor, Diag) for factor in factors):
            return tidy.scale(number, self._term(_without_diagonals(factors)))
        return tidy.scale(number, tidy.mul(*(self.name(factor) for factor in factors)))

    def _of_heads(self, value: MatrixExpr) -> MatrixExpr:
        """A node of heads over atoms, over what repeats them in each head and over their transposes; a sum over products."""
        return value.func(*(self._in_heads(value, a) if isinstance(a, MatrixExpr) else a for a in value.args))

    def _in_heads(self, node: MatrixExpr, operand: MatrixExpr) -> MatrixExpr:
        if isinstance(node, SumHeads) and isinstance(operand, HeadProduct):
            return self._of_heads(operand)
        simple = isinstance(operand, (EachHead, HeadBroadcast, HeadTranspose)) and is_atom(operand.args[0])
        return operand if simple or _is_constant(operand) else self.name(operand)

    def _operand(self, value: MatrixExpr) -> MatrixExpr:
        inner = self._term(value)
        return inner if _is_operand(inner) else self.name(inner)

    def _totalled(self, value: MatrixExpr) -> MatrixExpr:
        if isinstance(value, sp.HadamardProduct):
            return self._term(value)
        return self.name(value)

    def _over_atoms(self, value: MatrixExpr) -> MatrixExpr:
        named = (a if not isinstance(a, MatrixExpr) or _is_constant(a) else self.name(a) for a in value.args)
        return value.func(*named)
