"""The identities that a derivation uses, each derived once from its definition by SymPy: slopes, softmax with its loss."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.functions import FUNCTIONS, Function, Y, Z
from symbptt.algebra.nodes import CrossEntropy, Elementwise, HalfSquaredNorm
from symbptt.errors import Disagreement
from symbptt.model.values import Model
from symbptt.narrative import matrix_rules
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Prose, Step
from symbptt.typeset import compose
from symbptt.typeset.dispatch import Setting
from symbptt.typeset.functions import function
from symbptt.typeset.pieces import Piece, applied
from symbptt.typeset.scalars import Entrywise
from symbptt.typeset.tree import Equality, Fenced, Fraction, Identifier, Number, Operator, Row, Script, Style, Tree

LETTER = Identifier("z")


@dataclass(frozen=True)
class Identity:
    """An identity with its title, and the steps from definition to result."""

    title: Prose
    steps: tuple[Step, ...]
    given: tuple[Prose, ...] = ()
    """The rules of steps that are no calculation: definitions, and the pieces of a function."""

    @property
    def brief(self) -> tuple[Step, ...]:
        """Definitions and results, without the calculation between them."""
        return tuple(step for step in self.steps if step.label or step.rule in self.given)


def identities(model: Model, presentation: Presentation) -> tuple[Identity, ...]:
    """The identities behind the local rules of a model, in the order of use."""
    values = [e.value for e in model.all_equations]
    made = [
        Identity(presentation.prose("identities.name.slope", function=_called(name, numbers, presentation, prime=True)),
                 tuple(_slope(FUNCTIONS[name], numbers, presentation)))
        for name, numbers in _activations(values)
    ]
    if any(value.has(CrossEntropy) for value in values):
        made.append(Identity(presentation.prose("identities.name.cross_entropy"), tuple(_cross_entropy(presentation))))
    if any(value.has(HalfSquaredNorm) for value in values):
        made.append(Identity(presentation.prose("identities.name.squared_error"), tuple(_squared_error(presentation))))
    ruled = matrix_rules.rules(model, presentation.notation.layout == "row")
    products = [Identity(presentation.prose(f"identities.name.{one.name}"), tuple(matrix_rules.steps(one, presentation)))
        for one in ruled]
    given = tuple(presentation.prose(f"identities.rule.{name}") for name in ("definition", "softmax", "entropy", "cases"))
    told = (*products, *(_with_result(one, f"identity-{number}") for number, one in enumerate(made, 1)))
    return tuple(replace(one, given=given) for one in told)


def _activations(values: list[MatrixExpr]) -> list[tuple[str, tuple[sp.Expr, ...]]]:
    """The activations in formulas that are written with a prime for their slope, with their numeric arguments."""
    found = {(node.name, node.numbers) for value in values for node in value.atoms(Elementwise)}
    return [one for one in sorted(found, key=str) if FUNCTIONS[one[0]].activation and FUNCTIONS[one[0]].primed]


def functions(model: Model, presentation: Presentation) -> Iterator[tuple[Tree, tuple[Tree, ...]]]:
    """(f(z), what it is) and (f'(z), what it is), case by case, for every function that is called; softmax has no slope."""
    values = [e.value for e in model.all_equations]
    for name, numbers in _activations(values):
        lines = [one.equation for one in _slope(FUNCTIONS[name], numbers, presentation) if isinstance(one.equation, Equality)]
        cases = sum(line.left == lines[0].left for line in lines) > 1
        for called in dict.fromkeys(line.left for line in lines):
            said = [line.sides[-1] for line in lines if line.left == called]
            yield called, tuple(said if cases else said[-1:])
    if any(value.has(CrossEntropy) for value in values):
        whole = applied(Identifier("softmax", Style.FUNCTION), Identifier("o")).tree
        first = next(_cross_entropy(presentation)).equation
        assert isinstance(first, Equality)
        yield Script(Fenced(whole), Identifier("i")), first.sides


def _with_result(identity: Identity, label: str) -> Identity:
    """The last step is what others refer to."""
    *others, last = identity.steps
    return replace(identity, steps=(*others, replace(last, label=label)))


def _write(value: sp.Expr, operand: sp.Symbol, tree: Tree, presentation: Presentation) -> Tree:
    """A scalar formula in one variable, with a tree in its place."""
    if sp.sympify(value).is_number:
        return compose(sp.sympify(value), presentation.notation)
    written = Entrywise(Piece(tree), True, Setting(presentation.notation)).write(sp.sympify(value), operand)
    return Row((Operator("−", prefix=True), written.tree)) if written.negative else written.tree


def _called(name: str, numbers: tuple[sp.Expr, ...], presentation: Presentation, prime: bool = False) -> Tree:
    return applied(function(name, numbers, Setting(presentation.notation), prime), LETTER).tree


def _slope(row: Function, numbers: tuple[sp.Expr, ...], presentation: Presentation) -> Iterator[Step]:
    """Definition, derivative by SymPy, and where the table claims one the form in terms of the value, which SymPy checks."""
    value = sp.sympify(row.value).subs(dict(zip(row.symbols(), numbers, strict=True)))
    value = value.rewrite(sp.exp) if row.by_result is not None else value
    name, prime = (_called(row.name, numbers, presentation, slope) for slope in (False, True))
    if value.has(sp.Piecewise):
        yield from _cases(name, value, presentation.prose("identities.rule.definition"), presentation)
        yield from _cases(prime, value.diff(Z), presentation.prose("identities.rule.cases"), presentation)
        return
    yield Step(Equality(name, (_write(value, Z, LETTER, presentation),)), presentation.prose("identities.rule.definition"))
    if row.by_result is None:
        yield Step(Equality(prime, (_write(value.diff(Z), Z, LETTER, presentation),)),
            presentation.prose("identities.rule.derivative"))
        return
    if sp.simplify(value.diff(Z) - row.by_result.subs(Y, value)) != 0:
        raise Disagreement(f"the slope of {row.name} in terms of its value is not its derivative")
    yield Step(Equality(prime, (_quotient(sp.fraction(value), presentation),)), presentation.prose("identities.rule.quotient"))
    yield Step(Equality(prime, (_write(row.by_result.subs(Y, value), Z, LETTER, presentation),)),
        presentation.prose("identities.rule.divided"))
    yield Step(Equality(prime, (_write(row.by_result, Y, name, presentation),)), presentation.prose("identities.rule.by_value"))


def _quotient(value: tuple[sp.Expr, sp.Expr], presentation: Presentation) -> Tree:
    """(u' v - u v') / v^2 for the pair (u, v), with every derivative by SymPy."""
    above, below = value
    items: list[Tree] = []
    for factors in ((above.diff(Z), below), (-above, below.diff(Z))):
        signs = [factor.could_extract_minus_sign() for factor in factors]
        bare = [-factor if sign else factor for factor, sign in zip(factors, signs, strict=True)]
        written = [Fenced(_write(factor, Z, LETTER, presentation)) for factor in bare if factor != 1]
        if 0 not in bare:
            negative = sum(signs) % 2 == 1
            items += [Operator("−" if negative else "+", prefix=not items)] if items or negative else []
            items += written if len(written) != 1 else [written[0].body]
    return Fraction(Row(tuple(items)), Script(Fenced(_write(below, Z, LETTER, presentation)), None, Number("2")))


def _cases(head: Tree, value: sp.Expr, rule: Prose, presentation: Presentation) -> Iterator[Step]:
    """One line per piece, with its condition."""
    for body, condition in _pieces(value):
        when: list[Tree] = []
        if isinstance(condition, sp.core.relational.Relational):
            sign = {">": ">", "<": "<", ">=": "≥", "<=": "≤"}[condition.canonical.rel_op]
            when = [LETTER, Operator(sign), compose(condition.canonical.rhs, presentation.notation)]
        note = Fenced(Row(tuple(when))) if when else Identifier(presentation.text("identities.otherwise"), Style.UPRIGHT)
        spaces = [Operator("\u2009")] * 3
        yield Step(Equality(head, (Row((_write(body, Z, LETTER, presentation), *spaces, note)),)), rule)


def _pieces(value: sp.Expr) -> Iterator[tuple[sp.Expr, sp.Basic]]:
    """The pieces in order, each for what the ones before leave; one within the last takes its place."""
    *first, (last, condition) = value.args
    yield from first
    if isinstance(last, sp.Piecewise):
        yield from _pieces(last)
    else:
        yield last, condition


def _entries() -> tuple[sp.IndexedBase, sp.IndexedBase, sp.Idx, sp.Symbol]:
    n = sp.Symbol("n", integer=True, positive=True)
    return sp.IndexedBase("o"), sp.IndexedBase("y"), sp.Symbol("i", integer=True), n


def _by_entry(value: sp.Expr, entry: sp.Indexed, index: sp.Symbol, n: sp.Symbol) -> sp.Expr:
    """The derivative by one entry, 1 <= i <= n: SymPy's, with its Kronecker deltas summed up."""
    def summed(total: sp.Sum) -> sp.Expr:
        made = total.doit()
        return made.args[0][0] if isinstance(made, sp.Piecewise) else made

    return value.diff(entry).replace(lambda e: isinstance(e, sp.Sum) and e.has(sp.KroneckerDelta), summed)


def _cross_entropy(presentation: Presentation) -> Iterator[Step]:
    o, y, i, n = _entries()
    j, m = sp.symbols("j m", integer=True)
    total = sp.Sum(sp.exp(o[m]), (m, 1, n))
    loss = sp.log(total) - sp.Sum(y[j] * o[j], (j, 1, n))
    slope = _by_entry(loss, o[i], i, n)

    def tree(value: sp.Expr) -> Tree:
        return compose(value, presentation.notation)

    hat = Script(Identifier("p"), Identifier("i"))
    rule = "identities.rule."
    yield Step(Equality(hat, (tree(sp.exp(o[i]) / total),)), presentation.prose(rule + "softmax"))
    long = sp.Sum(y[j] * (sp.log(total) - o[j]), (j, 1, n))
    yield Step(Equality(Identifier("L"), (tree(long),)), presentation.prose(rule + "entropy"))
    yield Step(Equality(Identifier("L"), (tree(loss),)), presentation.prose(rule + "one"))
    head = Fraction(Row((Operator("∂", prefix=True), Identifier("L"))), Row((Operator("∂", prefix=True), tree(o[i]))), True)
    yield Step(Equality(head, (tree(slope),)), presentation.prose(rule + "entry"))
    known = slope.subs(sp.exp(o[i]) / total, sp.Symbol("p_i"))
    yield Step(Equality(head, (tree(known),)), presentation.prose(rule + "softmax_again"))


def _squared_error(presentation: Presentation) -> Iterator[Step]:
    o, y, i, n = _entries()
    j = sp.Symbol("j", integer=True)
    loss = sp.Sum((o[j] - y[j]) ** 2, (j, 1, n)) / 2

    def tree(value: sp.Expr) -> Tree:
        return compose(value, presentation.notation)

    head = Fraction(Row((Operator("∂", prefix=True), Identifier("L"))), Row((Operator("∂", prefix=True), tree(o[i]))), True)
    yield Step(Equality(Identifier("L"), (tree(loss),)), presentation.prose("identities.rule.definition"))
    yield Step(Equality(head, (tree(sp.simplify(_by_entry(loss, o[i], i, n))),)), presentation.prose("identities.rule.entry"))
