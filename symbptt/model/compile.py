"""From a `ModelFile` to a `Model`: declarations, order, typed expressions, single assignment."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import leaves
from symbptt.errors import UnknownSize
from symbptt.model import declare, dimensions, frozen, older_values, order
from symbptt.model.arithmetic import is_number
from symbptt.model.complex_notes import placed
from symbptt.model.convolution import written_out
from symbptt.model.expressions import Scope, read
from symbptt.model.head_marks import Scaling, heads_of
from symbptt.model.inferred_shape import inferred
from symbptt.model.losses import LOSSES
from symbptt.model.model_file import ModelFile, write
from symbptt.model.place import Place
from symbptt.model.shapes import is_scalar, shown
from symbptt.model.single_assignment import Intermediates
from symbptt.model.site import Site
from symbptt.model.syntax import Parsed, parse
from symbptt.model.values import Equation, Loss, Model, Role, Variable

LOSS_NAME = "L"
_Older = tuple[Variable, MatrixExpr]
"""A state that holds an older value, and its value."""


@dataclass(frozen=True)
class _Text:
    """A model file with its expressions parsed."""

    file: ModelFile
    place: Place
    cell: Mapping[str, Parsed]
    loss: Parsed | None

    @property
    def expressions(self) -> dict[str, Parsed]:
        """The cell's expressions and the loss by left side."""
        return {**self.cell, **({LOSS_NAME: self.loss} if self.loss else {})}


def _parsed(file: ModelFile, variables: Mapping[str, Variable], place: Place) -> _Text:
    def read(text: str, here: Place) -> Parsed:
        return written_out(parse(text, here), variables)

    cell = {target: read(text, place.within("equations", target)) for target, text in file.equations}
    loss = read(file.loss[0], place.within("loss", "step")) if file.loss else None
    return _Text(file, place, cell, loss)


def _check_targets(text: _Text, variables: Mapping[str, Variable]) -> None:
    """Left sides are states or new names, and every state has its equation."""
    here = text.place.within("equations")
    known = declare.dimensions(variables.values())
    for target in text.cell:
        declare.check_name("a left side", target, here)
        if target in known:
            raise here.error(f"{target} is a dimension; a left side is a state or a new name")
        if target in variables and variables[target].role is not Role.STATE:
            raise here.error(f"{target} is declared as {variables[target].role.value}; a left side is a state or a new name")
    for variable in variables.values():
        if variable.role is Role.STATE and variable.name not in text.cell:
            raise text.place.within("states", variable.name).error("the state has no equation; expected one with this left side")


def _check_symbols(file: ModelFile, variables: Mapping[str, Variable], place: Place) -> None:
    known = [*variables, *(target for target, _ in file.equations)]
    for symbol in file.symbols:
        if symbol.name not in known:
            raise place.within("symbols").unknown("variable", symbol.name[:40], known)


def _matrix(value: sp.Expr, parsed: Parsed) -> MatrixExpr:
    if is_number(value) or not leaves(value):
        raise parsed.place.error("the right side is a constant; expected an expression with a variable")
    if value.has(Scaling):
        raise parsed.place.error("diag(v) of each head stands only as a factor of a product, as in diag(v) @ S")
    return value


def _fitted(value: MatrixExpr, state: Variable, parsed: Parsed, known: Mapping[str, Variable]) -> MatrixExpr:
    """A value in its state's shape; a scalar fills it."""
    if heads_of(value, known) != state.heads and not is_scalar(value):
        whose = "belongs to each head" if state.heads is not None else "has no heads"
        raise parsed.place.error(f"the state {state.name} {whose}, and its equation does not; see split_heads and merge_heads")
    if value.shape == (state.rows, state.columns):
        return value
    if is_scalar(value):
        return tidy.spread(value, state.rows, state.columns)
    declared = shown(state.at())
    raise parsed.place.error(f"the state {state.name} has the shape {declared}, its equation the shape {shown(value)}")


def _local(name: str, value: MatrixExpr, intermediates: Intermediates, file: ModelFile) -> Variable:
    shape = inferred(value, intermediates.known, heads_of(value, intermediates.known))
    symbol = next((s for s in file.symbols if s.name == name), None)
    return declare.described(Variable(name, Role.LOCAL, *shape.parts, heads=shape.heads), symbol)


def _cell(text: _Text, variables: dict[str, Variable], scope: Scope) -> list[_Older]:
    """Read the cell's equations in order; `variables` gains their left sides, and the states that hold older values of them."""
    lags, found = older_values.deepest(text.expressions.values()), list[_Older]()
    for number, (target, parsed) in enumerate(text.cell.items(), start=1):
        intermediates = scope.site.intermediates
        intermediates.begin(target, number)
        value = _matrix(read(parsed.tree, parsed, scope), parsed)
        if target in variables:
            fitted = _fitted(value, variables[target], parsed, scope.variables)
            value = frozen.kept(fitted, variables[target], variables, text.file)
        else:
            variables[target] = _local(target, value, intermediates, text.file)
            found += _older(text, variables, variables[target], lags.get(target, 0))
        intermediates.finish(variables[target], value)
    return found


def _older_values(text: _Text, variables: dict[str, Variable]) -> list[_Older]:
    """The extra states that lags of states and inputs need; `variables` gains them."""
    lags = older_values.deepest(text.expressions.values())
    return [older for name, lag in lags.items() if name in variables for older in _older(text, variables, variables[name], lag)]


def _older(text: _Text, variables: dict[str, Variable], variable: Variable, lag: int) -> list[_Older]:
    found = older_values.extra(variable, lag, {*variables, *text.cell}, text.place)
    variables.update({state.name: state for state, _ in found})
    return [(state, frozen.kept(value, state, variables, text.file)) for state, value in found]


def _loss(text: _Text, variables: Mapping[str, Variable], scope: Scope, number: int) -> Loss | None:
    """The loss of one step; its equations end with L."""
    parsed, file = text.loss, text.file
    if parsed is None or file.loss is None:
        return None
    intermediates = scope.site.intermediates
    start = len(intermediates.equations)
    intermediates.begin(LOSS_NAME, number)
    value = _matrix(read(parsed.tree, parsed, replace(scope, in_loss=True)), parsed)
    if not is_scalar(value):
        raise parsed.place.error(f"the loss of a step is a scalar, not of shape {shown(value)}; use sum(...) or mean(...)")
    mask = variables[frozen.MASK] if file.freeze else None
    intermediates.finish(
        Variable(LOSS_NAME, Role.LOSS, (), sp.S.One, sp.S.One), tidy.hadamard(mask.at(), value) if mask else value
    )
    name = parsed.tree.func.id if isinstance(parsed.tree, ast.Call) and isinstance(parsed.tree.func, ast.Name) else ""
    equations = tuple(intermediates.equations[start:])
    return Loss(name if name in LOSSES else "custom", equations, *file.loss[1:], mask=mask.name if mask else None)


def _check_dimensions(variables: Mapping[str, Variable], place: Place) -> None:
    """Arrays are all that derived and emitted code is given, so they must tell every size."""
    for name in dimensions.untold(variables.values()):
        there = next(v for v in variables.values() if name in {s.name for s in (v.rows.free_symbols | v.columns.free_symbols)})
        here = place.within(f"{there.role}s", there.name)
        raise here.error(
            f"no input, parameter or state tells the size of {name}; expected {name} as a dimension of its own, "
            "or sums that leave nothing open", UnknownSize,
        )


def _check_activation(text: _Text) -> None:
    nodes = (node for parsed in text.expressions.values() for node in ast.walk(parsed.tree))
    if text.file.activation and not any(isinstance(node, ast.Name) and node.id == "activation" for node in nodes):
        raise text.place.within("", "activation").error("no equation uses it; expected activation(...) in one")


def _in_order(variables: Mapping[str, Variable], equations: tuple[Equation, ...]) -> tuple[Variable, ...]:
    """Declared variables by role, then what the equations define, in their order."""
    roles = [Role.INPUT, Role.STATE, Role.PARAMETER, Role.BUFFER, Role.TARGET]
    first = [v for role in roles for v in variables.values() if v.role is role]
    return (*first, *(e.target for e in equations if e.target.role not in roles))


def compiled(file: ModelFile, place: Place, text: str = "") -> Model:
    """Check the meaning of a model file and build the model; raises BadInput with the place of the first fault."""
    place = placed(file, place)
    variables = declare.declared(file, place)
    parts = _parsed(file, variables, place)
    variables |= frozen.mask(file, {*variables, *parts.cell}, place)
    declare.check_initial(file, parts.expressions.values(), place)
    _check_targets(parts, variables)
    _check_symbols(file, variables, place)
    _check_activation(parts)
    older_values.check(parts.expressions, variables, parts.cell)
    order.check(parts.cell)
    for name in declare.untied(parts.expressions, variables):
        variables[name] = replace(variables[name], tied=False)
    older = _older_values(parts, variables)
    sizes = declare.dimensions(variables.values())
    kept = {f"{name}_lag{k}" for name, lag in older_values.deepest(parts.expressions.values()).items() for k in range(1, lag + 1)}
    intermediates = Intermediates(variables, {*variables, *parts.cell, *sizes, *kept, LOSS_NAME}, file.training)
    scope = Scope(Site(place, variables, intermediates), sizes, file.activation, in_loss=False)
    older += _cell(parts, variables, scope)
    for number, (state, value) in enumerate(older, start=len(parts.cell) + 1):
        intermediates.begin(state.name, number)
        intermediates.finish(state, value)
    cell = tuple(intermediates.equations)
    loss = _loss(parts, variables, scope, len(parts.cell) + len(older) + 1)
    _check_dimensions(variables, place)
    return Model(
        name=file.name,
        title=file.title,
        variables=_in_order({**variables, **intermediates.buffers}, tuple(intermediates.equations)),
        equations=cell,
        loss=loss,
        reference=file.reference,
        text=text or write(file),
        notes=file.notes,
        translations=file.translations,
    )
