"""Variables and adjoints: from a symbol of a formula to its letters."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import SOURCE, TIME, Timed, is_leaf
from symbptt.algebra.related import Adjoint, LossGradient, SlopeMatrix, StepAdjoint
from symbptt.algebra.rows import rows
from symbptt.model.one_head import index, one_head
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset import as_text, snippet
from symbptt.typeset.alphabets import LETTERS
from symbptt.typeset.dispatch import Setting, piece, rule
from symbptt.typeset.names import Label, from_tree, label, unbold, whole
from symbptt.typeset.notation import Notation
from symbptt.typeset.pieces import TIMES, Level, Piece, fenced, signed
from symbptt.typeset.roles import roles
from symbptt.typeset.tree import Accent, Fenced, Identifier, Matrix, Number, Operator, Row, Script, Style, Tree

DERIVATION = {
    "state": ("s", "xi", "zeta"), "jacobian": ("J", "Psi", "Xi"), "parameter": ("theta", "vartheta", "eta"),
    "vector": ("v", "nu", "chi"),
}
"""The letters that a derivation uses beside those of the model, in the order of preference; no notation may give them away."""
BESIDE = {"slope": ("D", "Phi", "Lambda", "Omega"), "loss_gradient": ("g", "e", "rho", "ell")}
"""The letters that carry the name of a value as subscript, in the order of preference, after that of the notation."""
STEPS = ("t", "k", "j", "T")
"""The letters of steps, which no notation may give away either."""

MAX_DEFINITION = 30
"""A definition longer than this, in characters of text, is not shown in the subscript of an adjoint."""


@dataclass(frozen=True)
class Symbols:
    """The variables of a model with their labels; `kept` are those whose symbol of the notation is taken by another."""

    variables: dict[str, Variable]
    labels: dict[str, Label]
    kept: tuple[str, ...]


def many(variable: Variable) -> bool:
    """Whether a variable has more than one entry, so that its letter is bold: not that of the shape "1" either."""
    return any(size != "1" for size in variable.shape)


def _model_own(variable: Variable, notation: Notation) -> Label:
    """The label that the model gives."""
    if variable.latex is not None:
        return from_tree(snippet.read(variable.latex))
    return label(variable.name, bold=notation.bold and many(variable) and variable.role is not Role.LOSS)


def _given(model: Model, notation: Notation) -> dict[str, Label]:
    """The labels that the notation gives, by variable."""
    names, by_role, parts = dict(notation.names), dict(notation.roles), roles(model)
    found: dict[str, Label] = {}
    for v in model.variables:
        text = names.get(f"{model.name}.{v.name}") or names.get(v.name) or by_role.get(parts.get(v.name, ""))
        if text is not None and v.definition is None:
            own = from_tree(snippet.read(text))
            found[v.name] = own if many(v) else replace(own, base=unbold(own.base))
    return found


@lru_cache(maxsize=256)
def symbols(model: Model, notation: Notation) -> Symbols:
    """The labels of a model's variables, no two alike.

    A symbol of the notation that another variable or the derivation itself uses is not given, and its variable keeps the model's
    own symbol; variables whose own symbols are alike, or look like another at a step as h1 and h, keep their full spelling.
    """
    variables = {v.name: v for v in model.variables}
    own = {name: _model_own(v, notation) for name, v in variables.items()}
    given = _given(model, notation)
    letters = chain(STEPS, *DERIVATION.values())
    reserved = {label(letter, bold) for letter in letters for bold in (True, False)}
    refused: set[str] = set()
    while True:
        labels = own | {name: found for name, found in given.items() if name not in refused}
        count = Counter(labels.values())
        taken = {name for name in given if name not in refused and (count[given[name]] > 1 or given[name] in reserved)}
        if not taken:
            break
        refused |= taken
    stepped = {_light(found) for name, found in labels.items() if variables[name].timed}
    for name, found in labels.items():
        if count[found] > 1 or _without_number(_light(found)) in stepped:
            labels[name] = whole(name, bold=notation.bold and many(variables[name]))
    if model.heads is not None:
        raised = Fenced(head_index(model))
        labels |= {v.name: replace(labels[v.name], sup=raised) for v in model.variables if v.heads is not None}
    return Symbols(variables, labels, tuple(v for v in variables if v in refused and own[v] != given[v]))


def head_index(model: Model | None) -> Identifier:
    """The letter of a head as it is shown."""
    name = index(model).name if model else "n"
    return Identifier(LETTERS.get(name, name))


def _light(found: Label) -> Label:
    """The label without weight: a scalar q at step 1 looks like a vector q_1."""
    return replace(found, base=unbold(found.base))


def _without_number(found: Label) -> Label | None:
    """The label of which this looks like the value at a step: the h of an h1."""
    return replace(found, subs=found.subs[:-1]) if found.subs and isinstance(found.subs[-1], Number) else None


def kept(model: Model, notation: Notation) -> tuple[str, ...]:
    """The variables whose symbol of the notation is taken, so that they keep the model's own."""
    return symbols(model, notation).kept


def _label(name: str, scalar: bool, setting: Setting) -> Label:
    known = symbols(setting.model, setting.notation).labels if setting.model else {}
    given = dict(setting.notation.names).get(name)
    if name in known:
        return known[name]
    return label(name, bold=setting.notation.bold and not scalar) if given is None else from_tree(snippet.read(given))


def _placed(own: Label, symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    if not isinstance(symbol, Timed):
        return Piece(own.plain())
    return Piece(own.at(signed(piece(symbol.step, setting)), setting.notation.time))


def named(symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    """A variable by its own name, even if it has a definition."""
    return _placed(_label(symbol.name, symbol.shape == (1, 1), setting), symbol, setting)


def _letter(text: str, setting: Setting) -> Identifier:
    return Identifier(LETTERS.get(text, text), Style.BOLD if setting.notation.bold else Style.ITALIC)


def laid(expression: Any, notation: Notation, model: Model | None = None) -> Any:
    """A formula in the layout of the notation: as it is for columns, transposed for rows. Scalars of SymPy stay.

    With a model that has heads it becomes that of one head.
    """
    expression = one_head(expression, model)
    return rows(expression) if notation.layout == "row" and isinstance(expression, MatrixExpr) else expression


def definition(symbol: sp.MatrixSymbol, setting: Setting) -> MatrixExpr | None:
    """The formula that stands in for a variable, at the symbol's step; None for one that shows its name."""
    variable = symbols(setting.model, setting.notation).variables.get(symbol.name) if setting.model else None
    if variable is None or variable.definition is None:
        return None
    step = symbol.step if isinstance(symbol, Timed) else TIME
    return laid(variable.definition.xreplace({TIME: step}), setting.notation, setting.model)


def shown(node: MatrixExpr, setting: Setting) -> MatrixExpr:
    """The node as a reader sees it: a symbol with a definition is replaced by it."""
    found = definition(node, setting) if is_leaf(node) else None
    return node if found is None else shown(found, setting)


def _lettered(letter: str, symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    """A letter with the name of a variable as its first subscript, as in δ_{a,t}; with its formula, as in δ_(Wx_t)."""
    tree = _short(symbol, setting)
    if tree is not None:
        own = Label(_letter(letter, setting), (tree if isinstance(tree, Matrix) else Fenced(tree),))
        return _placed(own, symbol, setting) if _stepless(symbol, setting) else Piece(own.plain())
    inner = unbold(_label(symbol.name, True, setting).plain())
    return _placed(Label(_letter(letter, setting), (inner,)), symbol, setting)


def _short(symbol: sp.MatrixSymbol, setting: Setting) -> Tree | None:
    """The formula a variable without a symbol stands for, if one fits in a subscript at step t: at all steps or at none."""
    found, general = (definition(at, setting) for at in (symbol, _at(symbol, TIME)))
    if found is None or general is None or _has_symbol(symbol, setting):
        return None
    if len(as_text.write(signed(piece(general, setting)))) > MAX_DEFINITION:
        return None
    return signed(piece(found, setting))


def _has_symbol(symbol: sp.MatrixSymbol, setting: Setting) -> bool:
    return setting.model is not None and setting.model[symbol.name].latex is not None


def _at(symbol: sp.MatrixSymbol, step: sp.Expr) -> sp.MatrixSymbol:
    """The symbol at another step, if it has one."""
    return symbol.func(*symbol.args[:3], step) if isinstance(symbol, Timed) else symbol


def _stepless(symbol: sp.MatrixSymbol, setting: Setting) -> bool:
    """Whether the formula of a value at a step does not tell the step, as that of s B: its adjoint is another at every step."""
    return isinstance(symbol, Timed) and _short(symbol, setting) == _short(_at(symbol, symbol.step + 1), setting)


@rule.register(Adjoint)
def _adjoint(adjoint: Adjoint, setting: Setting) -> Piece:
    symbol, form = adjoint.primal, setting.notation.node_adjoint
    if form not in GRADIENTS:
        return _lettered(form, symbol, setting)
    tree = _short(symbol, setting)
    if tree is None:
        return GRADIENTS[form](named(symbol, setting), setting)
    if _stepless(symbol, setting):
        return GRADIENTS[form](_placed(Label(Fenced(tree)), symbol, setting), setting)
    return GRADIENTS[form](Piece(tree if isinstance(tree, (Identifier, Script, Fenced)) else Fenced(tree)), setting)


@lru_cache(maxsize=256)
def _letters_shown(model: Model, notation: Notation) -> frozenset[Tree]:
    """The letters, without weight, of the model's variables and dimensions, and of what stands beside them."""
    names = (unbold(own.base) for own in symbols(model, notation).labels.values())
    return frozenset((*names, *(label(name, bold=False).base for name in (*model.dimensions, *model.beside))))


def _free(letters: tuple[str, ...], setting: Setting) -> str:
    """The first letter that stands for nothing else in a document; the first of all where each does."""
    taken = _letters_shown(setting.model, setting.notation) if setting.model else frozenset()
    return next((letter for letter in letters if unbold(_letter(letter, setting)) not in taken), letters[0])


@rule.register(LossGradient)
def _loss_gradient(gradient: LossGradient, setting: Setting) -> Piece:
    letters = (setting.notation.loss_gradient, *BESIDE["loss_gradient"])
    return _lettered(_free(letters, setting), gradient.primal, setting)


@rule.register(SlopeMatrix)
def _slope_matrix(matrix: SlopeMatrix, setting: Setting) -> Piece:
    return _lettered(_free(BESIDE["slope"], setting), matrix.primal, setting)


@rule.register(StepAdjoint)
def _step_adjoint(adjoint: StepAdjoint, setting: Setting) -> Piece:
    symbol = adjoint.primal
    own = _label(symbol.name, symbol.shape == (1, 1), setting)
    return _placed(Label(Accent(own.base, setting.notation.step_adjoint), own.subs, own.sup), symbol, setting)


def _nabla(by: Piece, setting: Setting) -> Piece:
    """∇_W L."""
    loss = setting.model.loss.target.name if setting.model and setting.model.loss else "L"
    sign = Script(Operator("∇", prefix=True), signed(by))
    return Piece(Row((sign, TIMES, _label(loss, True, setting).plain())), Level.BIG)


def _differential(by: Piece, setting: Setting) -> Piece:
    """dW."""
    return Piece(Row((Identifier("d"), fenced(by))), Level.POWER)


GRADIENTS: dict[str, Callable[[Piece, Setting], Piece]] = {"nabla": _nabla, "differential": _differential}
"""The ways to write the gradient of the loss by a value, beside the quotient."""


@rule.register(sp.MatrixSymbol)
def _symbol(symbol: sp.MatrixSymbol, setting: Setting) -> Piece:
    found = definition(symbol, setting)
    return named(symbol, setting) if found is None else piece(found, setting)


def source(model: Model | None) -> str:
    """The letter of the source step: k, or a Greek one where the model has a variable of that name, as a key k with W_k."""
    taken = {part for v in model.variables if v.definition is None for part in v.name.split("_")} if model else set()
    return next((letter for letter in ("k", "kappa", "iota") if letter not in taken), "k")


@rule.register(sp.Symbol)
def _scalar_symbol(symbol: sp.Symbol, setting: Setting) -> Piece:
    name = source(setting.model) if symbol == SOURCE else symbol.name
    return Piece(label(name, bold=False).plain())
