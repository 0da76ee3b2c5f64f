"""A model whose step is one token becomes a model whose step is a chunk of C tokens.

A state of matrices follows S_i = D_i * S_{i-1} + sum_r a_i b_i^T, with keys a, values b and a decay D_i that is a scalar or has
one factor for each key. With c_i the sum of log D up to i, a query q reads

    S_i^T q_i = (e^{c_i} * q_i)^T S_0 + sum_{j <= i} (q_i^T e^{c_i - c_j} a_j) b_j            for all tokens of the chunk at once:
    Y = (Q * e^c) S_0 + (mask * e^{c_i - c_j} * (Q A^T)) B          (Yang et al. 2024, gated linear attention)

Where b itself reads the state, b_i = f_i + x_i S_{i-1}^T k_i (the delta rule), the reads are put in and the strictly lower part
is taken to the left side: (I - x * N) B = F + x * (K S_0), the WY form (Yang et al. 2024, DeltaNet).
"""

from dataclasses import replace
from functools import lru_cache
from itertools import count

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import words
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, HalfSquaredNorm, dimension
from symbptt.chunk.admission import admitted, matrix_each, refusal
from symbptt.chunk.form import Chunked
from symbptt.chunk.heads import Lift, alone
from symbptt.chunk.lags import Lags
from symbptt.chunk.recurrence import Recurrence, Say
from symbptt.chunk.renumber import needed, numbered
from symbptt.chunk.scan import is_scan
from symbptt.chunk.terms import NoChunkForm, depends
from symbptt.chunk.tokens import Tokens
from symbptt.derive.affine import Component
from symbptt.model.read import load
from symbptt.model.shapes import axis_text
from symbptt.model.single_assignment import Intermediates, is_atom
from symbptt.model.values import Equation, Loss, Model, Role, Variable


@lru_cache(maxsize=32)
def chunked(model: Model | str) -> Chunked:
    """The chunk form of a model; raises NoChunkForm with the component that has none, and why."""
    model = load(model)
    try:
        return _Rewrite(model).result()
    except NoChunkForm as error:
        raise NoChunkForm(f"{error}; emit --chunk writes it for NumPy alone") if is_scan(model) else error from None


class _Rewrite:
    """One rewrite: names, then tokens, then states."""

    def __init__(self, model: Model) -> None:
        self.whole = model
        self.token = alone(model)
        self.known = {e.target.at(): e.value for e in self.token.equations}
        self.lift = Lift(model.heads, lambda name: self.variables[name].heads is not None)
        names = {v.name for v in model.variables} | set(model.dimensions)
        self.length = next(n for n in ("C", "chunk", *(f"C_{i}" for i in range(2, 99))) if n not in names)
        taken = names | {self.length}
        self.mask_name = next(n for n in ("real", *(f"real_{i}" for i in range(2, 99))) if n not in taken)
        self.own = frozenset(v.name for v in model.variables if v.heads is not None)
        self.size = dimension(self.length)
        parts = tuple(admitted(model, self.token))
        self.recurrences = {part.states[0]: self._recurrence(part) for part in parts if part.recurrent}
        self.lagged = {self.token[p.states[0]].at(TIME - 1): self.token[p.states[0]] for p in parts if not p.recurrent}
        self.variables: dict[str, Variable] = {v.name: v for v in model.of(Role.PARAMETER, Role.BUFFER, Role.STATE)}
        self.mask = Variable(self.mask_name, Role.INPUT, (self.length,), self.size, sp.S.One,
                             description=words.everywhere("model.padding"))

    def _recurrence(self, part: Component) -> Recurrence:
        state = self.token[part.states[0]]
        return Recurrence.of(state, self.token, self.known, lambda why: refusal(self.token, part.states, why))

    def result(self) -> Chunked:
        """The model whose step takes C tokens, its equations numbered anew."""
        model = self.whole
        inputs = {v.name: self._rows(v) for v in self.token.of(Role.INPUT)}
        self.variables = {**{name: self._lifted(v) for name, v in inputs.items()}, self.mask_name: self.mask, **self.variables}
        self.variables |= {v.name: self._lifted(self._rows(v)) for v in self.token.of(Role.TARGET)}
        taken = {*self.variables, *(e.target.name for e in model.all_equations), *model.dimensions, self.length}
        self.making = Intermediates(self.variables, taken)
        self.number = 0
        self.taken = set(taken)
        self.said = dict[MatrixExpr, MatrixExpr]()
        fixed = self._fixed()
        self.tokens = Tokens(self.size, fixed, self.known, {n: r.held for n, r in self.recurrences.items()},
                             lambda why: refusal(model, tuple(self.recurrences), why))
        self.lags = Lags(self.lagged, self.tokens, self._sayer, self.mask.at())
        self.tokens.written |= {self.token[name].at(): v.at() for name, v in inputs.items()}
        self._equations(fixed)
        loss = self._loss()
        given = (*inputs.values(), self.mask, *model.states, *model.of(Role.PARAMETER, Role.BUFFER))
        variables = tuple(self.variables[v.name] for v in given)
        targets = tuple(self.variables[v.name] for v in model.of(Role.TARGET)) if loss else ()
        cell = self.making.equations[: len(self.making.equations) - (len(loss.equations) if loss else 0)]
        cell, loss = numbered(needed(cell, loss, (v.name for v in self.token.outputs)), loss)
        locals_ = tuple(e.target for e in (*cell, *(loss.equations if loss else ())) if e.target.role is not Role.STATE)
        made = replace(
            model, title=f"{model.title}, {self.length} tokens in one step", variables=(*variables, *targets, *locals_),
            equations=tuple(cell), loss=loss, text="", notes=(), translations=(), options="",
        )
        return Chunked(model, made, self.length, self.mask_name, tuple(self.recurrences.values()))

    def _rows(self, v: Variable) -> Variable:
        """A variable with one row per token."""
        if v.columns != 1:
            raise matrix_each(self.token, v, v.role)
        shape = (self.length,) if v.rows == 1 else (self.length, *v.shape)
        return replace(v, shape=shape, rows=self.size, columns=v.rows)

    def _fixed(self) -> frozenset[str]:
        """What does not depend on the token; of a state that is the same behind each, the first token reads another one."""
        states = (r.held.expander.state for r in self.recurrences.values())
        moving = frozenset((*(v.at() for v in self.token.of(Role.INPUT)), *states, *self.lagged))
        own = (e for e in self.token.equations if e.target.role is not Role.STATE)
        local = {e.target.name for e in own if not depends(e.value, moving, self.known)}
        return frozenset(local | {v.name for v in self.token.of(Role.PARAMETER, Role.BUFFER)})

    def _equations(self, fixed: frozenset[str]) -> None:
        """The equations of the chunk, in the order of the token's."""
        model = self.token
        states = frozenset(r.held.expander.state for r in self.recurrences.values())
        late: list[Equation] = []
        shown = [e for e in model.equations if e.target.definition is None and e.target.role is not Role.STATE]
        for equation in shown:
            if depends(equation.value, states, self.known):
                late.append(equation)
                continue
            self._write(equation, equation.target.name in fixed and equation.target not in model.outputs)
        for name, recurrence in self.recurrences.items():
            recurrence.solve(self.tokens, self._sayer(name), self.mask.at())
        self.tokens.given = lambda read: self.recurrences[read.state].answer(read, self.tokens, self._sayer(read.state))
        for equation in late:
            self._write(equation, False)
        behind = {name: recurrence.after(self.tokens, self._sayer(name)) for name, recurrence in self.recurrences.items()}
        for name, value in (behind | {v.name: self.lags.last(v) for v in self.lagged.values()}).items():
            self.making.begin(name, self._next())
            self._finish(self.token[name], value)

    def _finish(self, variable: Variable, value: MatrixExpr) -> None:
        """Give a variable of one head its equation, for all heads."""
        own = variable.name in self.own
        made, belongs = self.lift(self._written_out(value), own)
        self.variables[variable.name] = self.lift.variable(variable) if belongs else variable
        self.making.finish(self.variables[variable.name], made)

    def _lifted(self, variable: Variable) -> Variable:
        return self.lift.variable(variable) if variable.name in self.own else variable

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _sayer(self, state: str) -> Say:
        """Gives values equations of their own, named after a state if one is given."""

        def say(kind: str, value: MatrixExpr) -> MatrixExpr:
            if is_atom(value):
                return value
            if value not in self.said:
                stem = f"{kind}_{state}" if state else kind
                name = next(n for n in (stem + str(i) * (i > 1) for i in count(1)) if n not in self.taken)
                self.taken.add(name)
                self.making.begin(name, self._next())
                variable = Variable(name, Role.LOCAL, *self._shape(value))
                self._finish(variable, value)
                self.said[value] = variable.at()
            return self.said[value]

        return say

    def _shape(self, value: MatrixExpr) -> tuple[tuple[str, ...], sp.Expr, sp.Expr]:
        sizes = value.shape if value.shape[1] != 1 else value.shape[:1]
        return tuple(axis_text(size) for size in sizes), value.shape[0], value.shape[1]

    def _write(self, equation: Equation, fixed: bool) -> None:
        """One equation that the file has; a matrix of each token is taken apart where it is read."""
        target = equation.target
        if not fixed and target.columns != 1:
            return
        made, value = (target, equation.value) if fixed else (self._rows(target), self.tokens(equation.value))
        self.making.begin(target.name, self._next())
        self._finish(made, value)
        if not fixed:  # what is the same for all tokens is spread over them where it is read
            self.tokens.written[target.at()] = made.at()

    def _written_out(self, value: MatrixExpr) -> MatrixExpr:
        """A value without intermediates that the reader of the file named."""
        inner = {s: self.known[s] for s in value.atoms(sp.MatrixSymbol) if s in self.known and self.token[s.name].definition}
        return self._written_out(value.xreplace(inner)) if inner else value

    def _loss(self) -> Loss | None:
        """Half the squared error of every token, where that is the loss; other losses stay outside the chunk."""
        loss = self.token.loss
        if loss is None or loss.at != "every" or loss.reduction != "sum" or loss.mask or len(loss.equations) > 1:
            return None
        value = loss.equations[0].value
        if not isinstance(value, HalfSquaredNorm) or value.args[0].shape[1] != 1:
            return None
        self.tokens.written |= {v.at(): self._rows(v).at() for v in self.token.of(Role.TARGET)}
        rows = self.tokens(value.args[0])
        self.making.begin(loss.target.name, self._next())
        start = len(self.making.equations)
        counted, _ = self.lift(tidy.hadamard(self.tokens.wide(self.mask.at(), rows.shape[1]), rows))
        self.making.finish(loss.target, HalfSquaredNorm(counted))
        return Loss("squared_error", tuple(self.making.equations[start:]))
