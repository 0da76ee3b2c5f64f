"""Formulas as NumPy calls that write into given arrays; nothing new is allocated.

Several formulas of one form are one call on neighbours in a pack. What has no such call is an expression whose value is copied.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import nodes, tidy
from symbptt.algebra.functions import formula
from symbptt.algebra.head_nodes import OfHeads
from symbptt.algebra.nodes import TIME, Broadcast, Elementwise, SlopeByResult, Timed
from symbptt.algebra.related import Cotangent
from symbptt.emit.code import place
from symbptt.emit.fast.last_call import last_call
from symbptt.emit.fast.operands import Chunk, Place, Step
from symbptt.emit.fast.prepared import Prepared
from symbptt.emit.lines import Line, Note
from symbptt.emit.lowering import Lowering
from symbptt.emit.plan.stack_gates import weight_and_operand, weight_of
from symbptt.emit.plan.statements import is_constant, key_of, symbols, terms
from symbptt.emit.scalars import TWO_CALLS, one_call
from symbptt.emit.tree import ADD

Values = tuple[MatrixExpr, ...]


@dataclass
class Operations:
    """Writes the calls of one block; `scratch` counts the intermediate results of a statement, by shape."""

    place: Place
    prepared: Prepared
    lines: list[Line] = field(default_factory=list)
    scratch: dict[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def assign(self, values: Values, into: str, notes: tuple[Note, ...]) -> None:
        """Compute values of one form into an array."""
        self.notes = notes
        self.scratch.clear()
        self.value(values, into)

    def say(self, text: str) -> None:
        """Add a line; the first one of a statement carries its equation numbers."""
        self.lines.append(Line(text, self.notes))
        self.notes = ()

    def value(self, values: Values, into: str | None = None) -> str:
        """The name of the result, in `into` if that is given."""
        for known in (self._operand, self._constant):
            text = known(values)
            if text is not None:
                return self._copied(text, into)
        handler = next((_TABLE[k] for k in type(values[0]).__mro__ if k in _TABLE), None)
        if handler is None or not all(self.is_plain(v) for v in values):
            return self._expression(values, into)
        return handler(self, values, into)

    def is_plain(self, value: MatrixExpr) -> bool:
        """Whether a formula is a column with one axis behind the batch, and not one of heads."""
        return bool(value.shape[1] == 1) and not value.has(OfHeads)

    def _operand(self, values: Values) -> str | None:
        if not all(isinstance(v, sp.MatrixSymbol) for v in values):
            return None
        timed = all(isinstance(v, Timed) for v in values)
        return self.place.operand(values) if timed else None

    def _constant(self, values: Values) -> str | None:
        return self.prepared.values(values) if all(is_constant(v) for v in values) else None

    def _copied(self, text: str, into: str | None, call: str = "") -> str:
        if into is None or into == text:
            return text
        self.say(call or f"np.copyto({into}, {text})")
        return into

    def _expression(self, values: Values, into: str | None) -> str:
        """The formulas as one expression: it allocates."""
        codes = [self.place.formula(v) for v in values]
        text = codes[0].at(ADD)
        if len(set(values)) > 1:
            text = f"np.stack(np.broadcast_arrays({', '.join(c.at(ADD) for c in codes)}))"
            text += "" if any(c.batched for c in codes) else "[:, None]"
        call = last_call(self.place.lower, values[0], into) if into and len(set(values)) == 1 else ""
        return self._copied(text, into, call) if into else f"({text})"

    def result(self, values: Values, into: str | None) -> str:
        """Where an operation writes: `into`, or an intermediate array."""
        if into is not None:
            return into
        pack = f"{len(values)}, " if len(values) > 1 else ""
        shape = f"{pack}{self.place.room}, {self.place.lower.size(values[0].shape[0])}"
        number = self.scratch[shape] = self.scratch.get(shape, 0) + 1
        return self.place.part(self.prepared.scratch(shape, number))

    def working(self, values: Values, into: str | None) -> str:
        """Where intermediate steps of an operation write: `into` unless the formula still reads it."""
        if into is not None and into in self._names(values):
            return self.result(values, None)
        return self.result(values, into)

    def _names(self, values: Values) -> set[str]:
        """The names of all operands in formulas; neighbours in a pack count as one."""
        found = {self.place.leaf(s).text for v in values for s in symbols(v) if isinstance(s, Timed)}
        for at in zip(*([s for s in nodes.leaves(v) if isinstance(s, Timed)] for v in values), strict=False):
            found.add(self.place.operand(at) or "")
        return found

    def fold(self, operands: list[tuple[str, str]], values: Values, into: str | None) -> str:
        """The operands, each as (call that brings it in, name), one after another; the last call writes into the result."""
        working, done = self.working(values, into), operands[0][1]
        for i, (name, operand) in enumerate(operands[1:]):
            out = self.result(values, into) if i == len(operands) - 2 and into is not None else working
            self.say(f"{name}({done}, {operand}, out={out})")
            done = out
        return done


def _sum(self: Operations, values: Values, into: str | None) -> str:
    """Products first, into the result; then what is added to them; cotangents that may be missing last."""
    columns = list(zip(*(terms(v) for v in values), strict=True))
    if isinstance(self.place, Chunk) and len(columns) > 2:
        return self._expression(values, into)  # local factors have their terms in order: what cancels comes first
    missing = [c for c in columns if isinstance(c[0], Cotangent)]
    columns = [c for c in columns if c not in missing]
    gathered = _gathered(self, [c[0] for c in columns]) if len(values) == 1 else []
    columns = [c for c in columns if c[0] not in gathered]
    positive = [c for c in columns if not _is_negative(c)]
    columns = positive + [c for c in columns if c not in positive]
    computed = next((c for c in columns if not _is_given(c)), None)
    others = tuple(t for c in columns if c is not computed for t in c)
    working = into if into is not None and into not in self._names(others) else self.working(values, into)
    alone = not gathered and len(columns) == 1 and not missing
    operands: list[tuple[str, str]] = []
    if gathered:
        operands.append(("np.add", _stacked_sum(self, gathered, into if into and not columns and not missing else working)))
    free = not gathered
    for column in columns:
        negative = bool(operands) and _is_negative(column)
        term = tuple(tidy.scale(-1, c) for c in column) if negative else column
        fresh = free and not _is_given(term) and (len(columns) == 2 or not negative)
        own_place = len(values) > 1 and isinstance(self.place, Step) and weight_and_operand(self.place.storage.plan, column[0])
        target = (into if alone else None if own_place else working) if fresh else None
        free = free and not fresh
        operands.append(("np.subtract" if negative else "np.add", self.value(term, target)))
    operands.sort(key=lambda pair: pair != ("np.add", working))  # what was computed in place is used up first
    done = self.fold(operands, values, into) if len(operands) > 1 else self._copied(operands[0][1], into)
    for column in missing:
        name = self.place.leaf(column[0]).text
        out = self.result(values, into)
        self._copied(done, out)
        self.lines.append(Line(f"if {name} is not None:", body=(Line(f"{out} += {name}"),)))
        done = out
    return done


def _is_given(values: Values) -> bool:
    return all(isinstance(v, sp.MatrixSymbol) for v in values) or all(is_constant(v) for v in values)


def _is_negative(values: Values) -> bool:
    return all(tidy.split_number(v)[0].could_extract_minus_sign() for v in values)


def _gathered(self: Operations, values: list[MatrixExpr]) -> list[MatrixExpr]:
    """The terms W_k^T d_k whose d_k are all there is in a pack, in its order."""
    plan = self.place.storage.plan
    found: dict[int, MatrixExpr] = {}
    pack = None
    for value in values:
        number, parts = tidy.split_number(value)
        if number != 1 or len(parts) != 2 or not isinstance(parts[0], sp.Transpose) or not isinstance(parts[1], Timed):
            continue
        if isinstance(parts[0].arg, Timed) or not isinstance(parts[0].arg, sp.MatrixSymbol):
            continue
        key = key_of(parts[1])
        home = plan.pack(key)
        if home is not None and pack in (None, home) and home.row(key) not in found:
            pack, found[home.row(key)] = home, value
    whole = pack is not None and not pack.buffered and len(found) == len(pack.rows) and isinstance(self.place, Step)
    return [found[i] for i in sorted(found)] if whole else []


def _stacked_sum(self: Operations, gathered: list[MatrixExpr], into: str) -> str:
    """The sum of W_k^T d_k: a product of stacked weights, which may sum already."""
    weights = tuple(tidy.split_number(v)[1][0].arg for v in gathered)
    pack = self.place.storage.plan.pack(key_of(tidy.split_number(gathered[0])[1][1]))
    assert pack is not None and isinstance(self.place, Step)
    steps, stacked, product, parts = self.prepared.on_top(weights, self.place.storage.pack_name(pack))
    self.say(f"np.matmul({self.place.step_of(steps)}, {stacked}, out={product})")
    self.say(f"np.add.reduce({parts}, axis=0, out={into})")
    return into


def _product(self: Operations, values: Values, into: str | None) -> str:
    """A number times a vector, W v, or W^T v."""
    split = [tidy.split_number(v) for v in values]
    if all(len(parts) == 1 for _, parts in split):
        numbers = {number for number, _ in split}
        if len(numbers) > 1:
            raise AssertionError("one form, several numbers")
        out = self.result(values, into)
        inner = self.value(tuple(parts[0] for _, parts in split), None if out in self._names(values) else out)
        number = numbers.pop()
        if number == -1:
            self.say(f"np.negative({inner}, out={out})")
        else:
            self.say(f"np.multiply({inner}, {self.prepared.number(number)}, out={out})")
        return out
    if len(split[0][1]) != 2 or isinstance(self.place, Chunk):
        return self._expression(values, into)
    plan = self.place.storage.plan
    found = [weight_of(plan, v) for v in values]
    moving = tuple(parts[1] for _, parts in split)
    shared = {v.name for v in plan.model.parameters}
    of_samples = any(s.name not in shared for s in symbols(moving[0]))
    if any(f is None for f in found) or len(set(moving)) > 1 or moving[0].shape[1] != 1 or not of_samples:
        return self._expression(values, into)
    operand = self.value((moving[0],))
    matrices = [f for f in found if f is not None]
    if len(values) > 1 and isinstance(self.place, Step):
        weights, product, gates = self.prepared.side_by_side(values, matrices)
        self.say(f"np.matmul({self.place.tiles_of(operand, product)}, {weights}, out={product})")
        return self._copied(gates, into)
    out = self.result(values, into)
    if operand == out:
        return self._expression(values, into)
    if not isinstance(self.place, Step):
        self.say(f"_multiply({operand}, {self.prepared.once(values, matrices)}, out={out})")
    elif out in self.place.buffers:
        call, weights, cut = self.prepared.for_steps(values, matrices, out, self.place.buffers)
        self.say(f"{call}({self.place.tiles_of(operand, cut)}, {weights}, out={cut})")
    else:
        self.say(f"np.dot({operand}, {self.prepared.weights(values, matrices)}, out={out})")
    return out


def _hadamard(self: Operations, values: Values, into: str | None) -> str:
    """Factor by factor."""
    working = self.working(values, into)
    columns = list(zip(*(v.args for v in values), strict=True))
    columns.sort(key=_is_given)
    operands, free = [], True
    for column in columns:
        fresh = free and not _is_given(column)
        free = free and not fresh
        operands.append(("np.multiply", self.value(column, working if fresh else None)))
    return self.fold(operands, values, into)


def _elementwise(self: Operations, values: Values, into: str | None) -> str:
    """One call where the function is one; else its formula on the operand's value."""
    head = values[0]
    inner = tuple(v.operand for v in values)
    given = _is_given(inner)
    out = self.result(values, into)
    aliased = out in self._names(values)
    name = self.value(inner, None if given or aliased else out)
    call = one_call(formula(head)) if type(head) is Elementwise else None
    if call is not None:
        self.say(f"np.{call[0]}({', '.join([name, *map(self.prepared.number, call[1])])}, out={out})")
        return out
    named = Lowering(lambda _: place(name, True, 1), self.place.lower.dimension, self.place.batch)
    text = named(head.func(*head.args[:-1], Timed("operand", head.shape[0], head.shape[1], TIME))).at(ADD)
    return self._copied(text, out)


def _slope(self: Operations, values: Values, into: str | None) -> str:
    """1 - y^2 for y = tanh(a), y (1 - y) for y = sigmoid(a)."""
    calls = TWO_CALLS.get(formula(values[0]))
    if calls is None:
        return _elementwise(self, values, into)
    names = {"y": self.value(tuple(v.operand for v in values)), "one": self.prepared.number(sp.S.One)}
    working = names["working"] = self.working(values, into)
    for (call, *operands), out in zip(calls, (working, into or working), strict=True):
        self.say(f"{call}({', '.join(names[o] for o in operands)}, out={out})")
    return into or working


def _spread(self: Operations, values: Values, into: str | None) -> str:
    """A scalar of each sample stands for a column; calls broadcast it."""
    return self._copied(self.value(tuple(v.args[0] for v in values)), into)


_TABLE: dict[type, Callable[[Operations, Values, str | None], str]] = {
    sp.MatAdd: _sum,
    sp.MatMul: _product,
    sp.HadamardProduct: _hadamard,
    Elementwise: _elementwise,
    SlopeByResult: _slope,
    Broadcast: _spread,
}
"""One function per node type that has calls with `out=`."""
