"""Pass: an adjoint is another adjoint times a local factor, and the factor is known before the backward loop starts."""

from dataclasses import dataclass, field, replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import OfHeads
from symbptt.algebra.nodes import TIME, BatchMean, Broadcast, Timed, is_leaf
from symbptt.algebra.related import Adjoint
from symbptt.emit.plan.statements import Block, Gradient, Key, LocalFactor, Plan, Statement, is_untied, key_of, symbols, terms

Factors = tuple[MatrixExpr, ...]


def factors(plan: Plan) -> Plan:
    """d_t = e_t * g_t * f'(a_t) ...: one multiplication d = e * s a step, s = g * f'(a) ... for many t at once."""
    return replace(plan, backward=tuple(_rewritten(plan, b) if b.each else b for b in plan.backward))


@dataclass
class _Linear:
    """The work on one block: `alias` tells which adjoint times what another adjoint is."""

    plan: Plan
    keys: frozenset[Key]
    kept: frozenset[Key]
    alias: dict[Key, tuple[Timed, Factors, sp.Expr]] = field(default_factory=dict)
    ahead: list[Statement] = field(default_factory=list)

    def split(self, term: MatrixExpr) -> tuple[Timed, Factors, sp.Expr] | None:
        """A term as (adjoint, factors, number), or None if it is no such product."""
        number, parts = tidy.split_number(term)
        if len(parts) != 1:
            return None
        pieces = parts[0].args if isinstance(parts[0], sp.HadamardProduct) else parts
        moving = [p for p in pieces if not self.known(p)]
        if len(moving) != 1 or not isinstance(moving[0], Timed):
            return None
        rest = tuple(p for p in pieces if p is not moving[0])
        base: Timed = moving[0]
        if base.step == TIME and base in self.alias:
            inner, more, scale = self.alias[base]
            return inner, more + rest, number * scale
        return base, rest, number

    def known(self, expression: MatrixExpr) -> bool:
        """Whether an expression is known before the loop starts."""
        if expression.has(BatchMean, OfHeads):
            return False
        return not any(key in self.keys or is_untied(self.plan.model, key) for key in map(key_of, symbols(expression)))

    def rewrite(self, statement: Statement) -> Statement:
        """The statement with one factor for each adjoint; remembers what it can be replaced by."""
        groups: dict[Timed, list[MatrixExpr]] = {}
        others: list[MatrixExpr] = []
        single: Factors = ()
        shape = statement.targets[0].shape
        for term in terms(statement.values[0]):
            found = self.split(term)
            if found is None or found[0].shape != shape:
                others.append(term)
                continue
            base, single, number = found
            ones = OneMatrix(*shape)
            groups.setdefault(base, []).append(tidy.scale(number, tidy.hadamard(*single) if single else ones))
        # 1 - m cancels where m is one: that comes first, before what is small is added.
        groups = {base: sorted(sum(map(terms, parts), ()), key=lambda t: not _is_plain(t)) for base, parts in groups.items()}
        made = [self._times(statement, base, tidy.add(*parts)) for base, parts in groups.items()]
        if len(groups) == 1 and not others and statement.key not in self.alias:
            base = next(iter(groups))
            self._remember(statement, base, groups[base], made[0])
        return statement.having(tidy.add(*others, *made) if others or made else statement.values[0])

    def _times(self, statement: Statement, base: Timed, factor: MatrixExpr) -> MatrixExpr:
        if statement.key not in self.kept or _is_cheap(factor):
            return tidy.hadamard(base, factor)
        symbol = LocalFactor(statement.key)
        while symbol in {s.key for s in self.ahead}:
            symbol = LocalFactor(symbol)
        self.ahead.append(Statement((symbol,), (factor,), statement.numbers))
        return tidy.hadamard(base, symbol)

    def _remember(self, statement: Statement, base: Timed, parts: list[MatrixExpr], made: MatrixExpr) -> None:
        if base.step != TIME or not isinstance(base, Adjoint):
            return
        if statement.key in self.kept:
            number, (product,) = tidy.split_number(made)
            pieces = product.args if isinstance(product, sp.HadamardProduct) else (product,)
            self.alias[statement.key] = (base, tuple(p for p in pieces if p is not base), number)
        else:
            self.alias[statement.key] = (base, (tidy.add(*parts),), sp.S.One)


def _is_plain(factor: MatrixExpr) -> bool:
    """A number, or a number times a value."""
    _, parts = tidy.split_number(factor)
    inner = parts[0].args[0] if isinstance(parts[0], Broadcast) else parts[0]
    return len(parts) == 1 and (isinstance(inner, OneMatrix) or is_leaf(inner))


def _is_cheap(factor: MatrixExpr) -> bool:
    """A number, or a value that is stored already."""
    number, parts = tidy.split_number(factor)
    ones = isinstance(parts[0], OneMatrix)
    return len(parts) == 1 and (ones or (number == 1 and is_leaf(parts[0])))


def _kept(plan: Plan, block: Block) -> frozenset[Key]:
    """The adjoints of a block that somebody reads in another way than as one factor of a product."""
    work = _Linear(plan, block.keys, frozenset())
    hard: set[Key] = {s.key for s in block.statements if not isinstance(s.targets[0], Adjoint)}
    inside = {s for s in block.statements if not isinstance(s.key, Gradient)}
    for statement in plan.statements():
        for term in terms(statement.values[0]):
            found = work.split(term) if statement in inside else None
            soft = found is not None and found[0].step == TIME and found[0].shape == statement.targets[0].shape
            hard |= set(map(key_of, symbols(term))) - ({key_of(found[0])} if soft and found else set())
    # A sum of several adjoints cannot be replaced; it stays, and what it is made of goes into it.
    return frozenset(hard & block.keys)


def _rewritten(plan: Plan, block: Block) -> Block:
    hard = _kept(plan, block)
    work = _Linear(plan, block.keys, hard | _sums(plan, block))
    made = [s if isinstance(s.key, Gradient) else work.rewrite(s) for s in block.statements]
    read = {key_of(s) for m in made for v in m.values for s in symbols(v)}
    kept = tuple(m for m in made if m.key in read or m.key in hard)
    return Block(kept, True, block.ahead + tuple(work.ahead))


def _sums(plan: Plan, block: Block) -> frozenset[Key]:
    """The adjoints that are more than one other adjoint times something."""
    work = _Linear(plan, block.keys, frozenset())
    found = set()
    for s in block.statements:
        bases = [work.split(t) for t in terms(s.values[0])]
        if any(b is None or b[0].step != TIME for b in bases) or len({b[0] for b in bases if b}) != 1:
            found.add(s.key)
    return frozenset(found)
