"""The table of notation: every symbol with its meaning and shape."""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt import typeset
from symbptt.algebra.nodes import SOURCE, Partial, Slice
from symbptt.algebra.related import Adjoint
from symbptt.derive import formula
from symbptt.derive.recursion import recursion
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import Derivation, symbols
from symbptt.narrative.forward import heads_told
from symbptt.narrative.identities import functions
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.narrative.values import Prose, Typed
from symbptt.typeset import family
from symbptt.typeset.family import parts
from symbptt.typeset.symbols import head_index
from symbptt.typeset.tree import BigOperator, Fenced, Identifier, Operator, Tree


@dataclass(frozen=True)
class Entry:
    """A row of the table."""

    symbol: Tree
    meaning: Prose
    shape: str


def _meaning(variable: Variable, presentation: Presentation) -> Prose:
    text = presentation.own(variable.description)
    given = variable.role is Role.BUFFER
    name = "constant" if given and variable.tied else str(variable.role)
    if presentation.plain(f"glossary.role.{name}") in text:
        return (text,)
    role = presentation.prose(f"glossary.{'role' if variable.tied or given else 'untied'}.{name}")
    key = "described_again" if text.endswith((")", "）")) else "described"  # brackets do not follow brackets
    return presentation.prose(f"glossary.{key}", text=text, role=role) if text else role


def _in_code(variable: Variable, model: Model, presentation: Presentation) -> Prose:
    """The meaning, with the name in the code where the notation has another."""
    meaning = _meaning(variable, presentation)
    shown, own = (typeset.text(speaker.name(variable, model)) for speaker in (presentation, ENGLISH))
    if shown == own:
        return ("".join(map(str, meaning)),) if all(isinstance(part, str) for part in meaning) else meaning
    return presentation.prose("glossary.renamed", meaning=meaning, name=Typed(variable.name))


def entries(derivation: Derivation, letter: str | None = None, full: bool = False) -> tuple[Entry, ...]:
    """The variables of the model by role, then the letters of the derivation; families, of three or more of a role, as one.

    In full, the functions that the equations call and the signs that formulas use come last.
    """
    model, presentation = derivation.model, derivation.presentation

    def entry(expression: MatrixExpr, meaning: Prose) -> Entry:
        return Entry(presentation.tree(expression, model), meaning, presentation.shape(expression))

    order = (Role.INPUT, Role.STATE, Role.PARAMETER, Role.BUFFER, Role.LOCAL, Role.TARGET, Role.LOSS)
    made: list[Entry] = []
    for role in order:
        rows = [entry(v.at(), _in_code(v, model, presentation)) for v in model.of(role) if v.definition is None]
        made += together(rows, letter, presentation)
    letters = (entry(symbol, presentation.prose(f"glossary.{key}", **names))
        for symbol, key, names in _letters(model, presentation))
    made += together(list(letters), letter, presentation)
    made += [Entry(Fenced(head_index(model)), told, "") for told in heads_told(model, presentation)]
    return (*made, *_functions(model, presentation), *_signs(derivation)) if full else tuple(made)


def _functions(model: Model, presentation: Presentation) -> Iterator[Entry]:
    """The functions that the equations call, and their derivatives."""
    for called, cases in functions(model, presentation):
        yield Entry(called, presentation.prose("glossary.function", definition=presentation.listed(cases)), "")


def _signs(derivation: Derivation) -> Iterator[Entry]:
    """The signs that the formulas of a derivation use."""
    model, presentation = derivation.model, derivation.presentation
    used = {tree for section in derivation.sections for step in section.steps for tree in _all(step.equation)}
    if model.states:
        now, theta = formula.state(model), symbols.parameter(model)
        for kind in ("immediate", "total"):
            value = Partial(now, theta, kind)
            yield Entry(presentation.tree(value, model), presentation.prose(f"glossary.{kind}"), presentation.shape(value))
    ones = presentation.tree(OneMatrix(symbols.parameter(model).rows, 1), model)
    hadamard = Operator(presentation.notation.hadamard)
    for sign, key in ((hadamard, "entrywise"), (ones, "ones")):
        if sign in used:
            yield Entry(sign, presentation.prose(f"glossary.{key}"), "")
    arrow = next((tree.arrow for tree in used if isinstance(tree, BigOperator) and tree.arrow), "")
    if arrow:
        yield Entry(BigOperator("∏", Identifier("j"), None, arrow), presentation.prose("glossary.directed"), "")


def _all(tree: Tree) -> Iterator[Tree]:
    """A formula and all parts of it."""
    yield tree
    for part in parts(tree):
        yield from _all(part)


def together(rows: list[Entry], letter: str | None, presentation: Presentation) -> list[Entry]:
    """The rows with those of a family as one, whose meaning says what differs."""
    made: list[Entry] = []
    while rows and letter is not None:
        first = rows.pop(0)
        own, symbol, members = _alike(first, rows, letter)
        if len(members) < 2:
            made.append(first)
            continue
        rows = [row for row in rows if row not in [other for _, other in members]]
        over = family.membership(letter, [own, *(member for member, _ in members)])
        meaning = _merged([str(row.meaning[0]) for row in (first, *(other for _, other in members))], presentation)
        made.append(Entry(symbol, (*meaning, ", ", over), first.shape))
    return made + rows


def _alike(first: Entry, others: list[Entry], letter: str) -> tuple[str, Tree, list[tuple[str, Entry]]]:
    """What the symbol has where most others differ, in the same places; the symbol with the letter there; the others."""
    found: dict[tuple[str, Tree], list[tuple[str, Entry]]] = {}
    for other in others:
        way = family.difference(first.symbol, other.symbol)
        if way is not None and first.shape == other.shape and len(first.meaning) == len(other.meaning) == 1:
            found.setdefault((way[0], family.general(first.symbol, other.symbol, letter)), []).append((way[1], other))
    (own, symbol), members = max(found.items(), key=lambda pair: len(pair[1]), default=(("", first.symbol), []))
    return own, symbol, members


def _merged(texts: list[str], presentation: Presentation) -> Prose:
    """Texts with the beginning and the end that they share said once, cut between words where there are spaces."""
    if len(set(texts)) == 1:
        return (texts[0],)
    start, last = texts[0][: family.shared(texts)], family.shared([text[::-1] for text in texts])
    end = texts[0][len(texts[0]) - last :]
    if " " in texts[0]:
        start, end = start[: start.rfind(" ") + 1], end[end.find(" ") :] if " " in end else ""
    if end.count("（") < end.count("）"):
        end = end[end.rfind("）") + 1 :]
    inner = [text[len(start) : len(text) - len(end)] for text in texts]
    return (start + presentation.text("common.list.comma").join(inner) + end,)


def _letters(model: Model, presentation: Presentation) -> list[tuple[MatrixExpr, str, dict[str, Tree]]]:
    """The letters of the derivation: (symbol, key of its meaning, slots of the meaning)."""
    made: list[tuple[MatrixExpr, str, dict[str, Tree]]] = []
    assert model.loss is not None
    made.append((symbols.loss(model, None), f"loss_{model.loss.at}", {}))
    made.append((symbols.parameter(model), "parameter", {}))
    if formula.stacked(model):
        made.append((formula.state(model), "states", {}))
    if model.states:
        made.append((formula.state(model, 0), "start", {}))
        made.append((symbols.jacobian(model), "jacobian", {}))
        made.append((symbols.loss_symbol(model), "loss_gradient", {}))
        made.append((symbols.adjoint_symbol(model), "step_adjoint", {}))
    made += [(letter, "slope", {"name": presentation.name(target, model)}) for target, _, letter in symbols.slopes(model)]
    example = min((e.variable for e in recursion(model).adjoints), key=lambda v: v.definition is not None, default=None)
    if example is not None:
        name = presentation.name(example, model) if example.definition is None else presentation.tree(example.definition, model)
        made.append((Adjoint(example.at()), "node_adjoint", {"name": name}))
    return made


def sizes(model: Model, presentation: Presentation) -> Prose:
    """What the letters of the shapes mean: each is the size of the first vector that has it."""
    roles = (Role.INPUT, Role.STATE, Role.LOCAL, Role.PARAMETER)
    known: dict[str, Tree] = {}
    for variable in (v for role in roles for v in model.of(role) if v.definition is None and len(v.shape) == 1):
        known.setdefault(variable.shape[0], presentation.tree(variable.at(), model))
    told = [presentation.prose("glossary.size", vector=vector, size=size) for size, vector in known.items() if size.isalpha()]
    said = presentation.prose("glossary.sizes", sizes=presentation.joined(told)) if told else presentation.prose("glossary.steps")
    source = presentation.tree(SOURCE, model)
    told_of_source = () if source == Identifier("k") else presentation.prose("glossary.source", letter=source)
    return (*said, *told_of_source, *_column(model, presentation))


def _column(model: Model, presentation: Presentation) -> Prose:
    """What the index of a column means, where an equation reads one, as a convolution does."""
    columns = {
        node for equation in model.all_equations for node in equation.value.atoms(sp.Transpose)
        if isinstance(node.arg, Slice) and isinstance(node.arg.args[0], sp.Transpose)
    }
    if not columns:
        return ()
    column = min(columns, key=str)
    slots = {"column": presentation.tree(column, model), "matrix": presentation.tree(column.arg.args[0].arg, model)}
    return presentation.prose("glossary.column", **slots)
