"""What the symbols of a derivation mean, by how they look in a presentation, to read printed formulas."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import sympy as sp

from printed.oracle import Oracle
from printed.reader import Indices, Key, Reader, flat, parsed, shown
from symbptt import typeset
from symbptt.algebra.head_nodes import CutHeads, JoinHeads
from symbptt.algebra.nodes import BETWEEN, SOURCE, TIME, Concat, Elementwise, Partial, Slice, is_leaf, leaves
from symbptt.algebra.related import Adjoint, StepAdjoint
from symbptt.derive import formula
from symbptt.model.one_head import index
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import jacobians, symbols
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.symbols import LAST
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.calculus import _sign
from symbptt.typeset.tree import Operator, Script, Tree

Array = Any
Place = tuple[str, sp.Expr | None]


class Meaning:
    """The symbols of a model in a presentation; `having` says which variable θ stands for."""

    def __init__(self, model: Model, presentation: Presentation, oracle: Oracle) -> None:
        self.model, self.presentation, self.oracle = model, presentation, oracle
        self.atoms: dict[Key, Callable[[Indices], Array]] = {}
        self.places: dict[Key, Place] = {}
        self.gradients: dict[Key, str] = {}
        self.local = False
        self.direct = False
        self.acting = oracle.stack
        self.of_heads = frozenset(v.name for v in model.variables if v.heads is not None)
        self.head = LETTERS.get(index(model).name, index(model).name)
        """The letter of a head."""
        self.steps = [
            TIME, TIME - 1, TIME + 1, SOURCE, SOURCE - 1, SOURCE + 1, BETWEEN, BETWEEN - 1, LAST, LAST - 1,
            *map(sp.Integer, range(oracle.T + 2)),
        ]
        for variable in model.variables:
            self._variable(variable)
        if formula.stacked(model):
            for step in self.steps:
                self._place(formula.state(model, step), oracle.stack, step, oracle.value)
        self._derived()

    def having(self, theta: str) -> Meaning:
        """The same symbols, and θ for a variable."""
        made = copy(self)
        made.atoms, made.places, made.gradients = dict(self.atoms), dict(self.places), dict(self.gradients)
        made._vectors()
        parameter = symbols.parameter(self.model)
        made._gradient(parameter, theta, None)
        made.places[self.look(parameter)] = (theta, None)
        made._copies(parameter, theta)
        return made

    def _vectors(self) -> None:
        """v, which acts: in the shape that `acts` says."""
        name = formula.free(self.model, "vector")
        for size in (symbols.parameter(self.model).rows, 1):
            vector = sp.MatrixSymbol(name, size, 1)
            self.atoms[self.look(vector)] = lambda indices: self.oracle.arbitrary(self._argument(self.acting, indices))
            if self.of_heads:
                part = CutHeads(vector, self.model.heads)
                self.atoms[self.look(part)] = lambda indices: self.oracle.arbitrary(self._part(self.acting, indices))

    def look(self, tree: sp.Basic | Tree) -> Key:
        """A formula as a reader sees it."""
        return tuple(map(shown, parsed(typeset.mathml(self.presentation.tree(tree, self.model)))))

    def _add(self, tree: sp.Basic | Tree, value: Callable[..., Array], *arguments: Any) -> None:
        def found(indices: Indices) -> Array:
            return value(*(self._argument(a, indices) for a in arguments))

        self.atoms.setdefault(self.look(tree), found)

    def _argument(self, argument: Any, indices: Indices) -> Any:
        """A name, of what belongs to each head with the number of the head, or the number of a step."""
        if argument in self.of_heads:
            return self._part(argument, indices)
        return self._number(argument, indices) if isinstance(argument, sp.Expr) else argument

    def _part(self, name: str, indices: Indices) -> str:
        """The name of the part of a value that belongs to the head."""
        return f"{name.rstrip('^')}^{indices[self.head]}"

    def _number(self, argument: sp.Expr, indices: Indices) -> int:
        return int(argument.subs({s: indices[self.presentation.source if s == SOURCE else s.name]
            for s in argument.free_symbols}))

    def _place(self, tree: sp.Basic, name: str, step: sp.Expr | None, value: Callable[..., Array] | None) -> None:
        self.places.setdefault(self.look(tree), (name, step))
        if value is not None:
            self._add(tree, value, name, step)

    def _variable(self, v: Variable) -> None:
        oracle, named = self.oracle, v.definition is None
        timed = v.role is not Role.PARAMETER or v.timed
        for step in self.steps if timed else [None]:
            own = v.at() if step is None else v.at(step)
            self._place(own, v.name, step, oracle.value if named else None)
            if v.heads is not None:
                self._place(JoinHeads(own, v.heads), f"{v.name}^", step, None)
            if v.role in (Role.LOCAL, Role.STATE, Role.LOSS):
                self._add(Adjoint(v.at(step)), oracle.node_adjoint, v.name, step)
            if v.role in (Role.PARAMETER, Role.INPUT, Role.STATE):
                by = v.at() if step is None else v.at(step)
                self._gradient(by, v.name, step)

    def _gradient(self, by: sp.MatrixSymbol, name: str, step: sp.Expr | None) -> None:
        head = symbols.total(symbols.loss(self.model, None), by)
        self.gradients.setdefault(self.look(head), name)
        self._add(head, self.oracle.gradient, name, step)

    def _copies(self, parameter: sp.MatrixSymbol, name: str) -> None:
        """A parameter with a step below the line, for its copy used at that step."""
        if self.presentation.notation.derivative("immediate").copies:
            for step in self.steps:
                self.places[self._below(Partial(symbols.loss(self.model, step), parameter, "immediate"))] = (name, None)

    def _derived(self) -> None:
        model, oracle = self.model, self.oracle
        self._place(symbols.loss(model, None), oracle.loss, None, oracle.value)
        for p in model.parameters:
            if p.tied:
                self._copies(p.at(), p.name)
        for target, _, letter in symbols.slopes(model):
            for step in self.steps:
                self._add(symbols.at(letter, step), self._slope, target.name, step)
        self._vectors()
        for name, size in oracle.dims.items():
            self._add(sp.Symbol(name), lambda size=size: np.full((1, 1), float(size)))
        if not model.states:
            return
        stack = formula.state(model).name
        for step in self.steps:
            self._add(symbols.jacobian(model, step), self._jacobian, step)
            self._add(symbols.loss_symbol(model, step), oracle.loss_gradient, stack, step)
            self._add(symbols.adjoint_symbol(model, step), oracle.step_adjoint, stack, step)
        if formula.stacked(model):
            self._gradient(formula.state(model, 0), stack, sp.S.Zero)
            for step in self.steps:
                self._add(symbols.total(symbols.loss(model, None), formula.state(model, step)), oracle.step_adjoint, stack, step)
        for v in model.states:
            self._add(jacobians.direct_head(model, self.presentation, v), self._direct_route, v.name, SOURCE, TIME)
        name = formula.free(model, "vector")
        for v in model.states if formula.stacked(model) else ():
            for step in self.steps:
                self._add(StepAdjoint(v.at(step)), oracle.step_adjoint, v.name, step)
            vector = sp.MatrixSymbol(f"{name}_{v.name}", v.rows, v.columns)
            self._add(vector if v.heads is None else CutHeads(vector, v.heads), oracle.column, v.name)

    def _below(self, head: Partial) -> Key:
        """What stands below the line, behind the sign."""
        (fraction,) = parsed(typeset.mathml(self.presentation.tree(head, self.model)))
        return tuple(map(shown, flat(fraction[1])[1:]))

    def _jacobian(self, step: int) -> Array:
        stack = formula.state(self.model).name
        return self.oracle.derivative("immediate", stack, step, stack, step - 1)

    def _direct_route(self, state: str, k: int, t: int) -> Array:
        """(ds_t/ds_k)^T along the direct route: the product of the derivatives of its equation by itself."""
        size = self.oracle.raw(state, 0).size
        factors = [self.oracle.derivative("equation", state, j, state, j - 1) for j in range(k + 1, t + 1)]
        return np.linalg.multi_dot([np.eye(size), *(factors if self.oracle.flip else factors[::-1]), np.eye(size)]).T

    def _slope(self, target: str, step: int) -> Array:
        name, mark, head = target.partition("^")
        value = next(e.value for e in self.model.all_equations if e.target.name == name)
        assert isinstance(value, Elementwise)
        return self.oracle.derivative("equation", target, step, f"{value.operand.name}{mark}{head}", step)

    def signs(self) -> dict[tuple[str, str], list[str]]:
        """The signs of derivatives, above and below the line, and the kinds that they may stand for."""
        found: dict[tuple[str, str], list[str]] = {}
        for kind in ("immediate", "total", "partial"):
            sign = self.presentation.notation.derivative(kind)
            above = Script(_sign(sign.above), None, Operator(sign.sup)) if sign.sup else _sign(sign.above)
            look = ("".join(self.look(above)), "".join(self.look(_sign(sign.below))) if sign.below else "")
            found.setdefault(look, []).append(kind)
        return found

    def reader(self) -> Reader:
        """A reader for these symbols."""
        signs = self.signs()
        functions = {LETTERS.get(label, label): name for name, label in self.presentation.notation.functions}
        looks = {look for pair in signs for look in pair if look}
        sizes = self.oracle.dims
        heads = (self.head, sizes[str(self.model.heads)] if self.of_heads else 1)
        return Reader(self.atoms, looks, self._derivative(signs), functions, self._parts(), sizes, self.oracle.flip, heads)

    def _parts(self) -> list[list[int]]:
        """The sizes of what may stand below each other: the parts of a concatenation, the states, what a slice leaves."""
        values = [e.value for e in self.model.all_equations]
        found = [[part.shape[0] for part in node.args] for value in values for node in value.atoms(Concat)]
        found.append([s.rows * s.columns for s in self.model.states])
        for node in [node for value in values for node in value.atoms(Slice)]:
            found.append([size for size in (node.args[1], node.shape[0], node.args[0].shape[0] - node.args[2]) if size != 0])
        return [[self._size(size) for size in sizes] for sizes in found]

    def _size(self, size: sp.Expr) -> int:
        return int(sp.sympify(size).subs({s: self.oracle.dims[s.name] for s in sp.sympify(size).free_symbols}))

    def _derivative(self, signs: dict[tuple[str, str], list[str]]) -> Callable[..., Array]:
        def value(sign: tuple[str, str], of: Key, by: Key, indices: Indices) -> Array:
            (u, at), (v, when) = self._at(of), self._at(by)
            u, v = self._reading(u, v)
            kind = self._kind(signs[sign], u, at, v, when)
            u, at, v, when = (self._argument(part, indices) for part in (u, at, v, when))
            return self.oracle.derivative(kind, u, at, v, when)

        return value

    def _reading(self, of: str, by: str) -> tuple[str, str]:
        """Two names, of which the first reads the second: r of all heads looks like merge_heads(r)."""
        equations = {e.target.name: e.value for e in self.model.all_equations}
        merged = {f"{e.args[0].name}^": name for name, e in equations.items() if type(e) is JoinHeads and is_leaf(e.args[0])}
        for u in (of, merged.get(of, of)):
            read = {x.name for x in leaves(equations[u.rstrip("^")])} if u.rstrip("^") in equations else set()
            for v in (by, merged.get(by, by)):
                if v.rstrip("^") in read:
                    return u, v
        return of, by

    def acts(self, left: list[ET.Element]) -> None:
        """From now on v is in the shape of the numerator of a left side (∂a/∂b)ᵀ v, if it is one."""
        tops = [top for part in left if part.tag == "msup" for top in flat(part[0]) if top.tag == "mfrac"]
        if len(left) > 1 and tops:
            self.acting = self._at(tuple(map(shown, flat(tops[0][0])[1:])))[0]

    def _at(self, look: Key) -> Place:
        if look not in self.places and len(look) > 2:
            look = look[1:-1]
        return self.places[look]

    def _kind(self, kinds: list[str], of: str, at: Any, by: str, when: Any) -> str:
        """Where a notation has one sign for two kinds: what a reader takes it for."""
        states = {*self.oracle.states, self.oracle.stack}
        # The states of the step below count as independent.
        through = "adjoint" if {of.rstrip("^"), by.rstrip("^")} <= states else "total"
        if self.direct:
            return "equation"
        if len(kinds) == 1:
            return {"partial": "equation", "total": through}.get(kinds[0], kinds[0])
        if self.local:
            return "equation"
        if "total" in kinds:
            return through
        return "immediate"
