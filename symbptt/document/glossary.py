"""The table of notation: every symbol with its meaning and shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt import typeset
from symbptt.algebra.nodes import SOURCE, Partial
from symbptt.algebra.related import Adjoint
from symbptt.derive import formula
from symbptt.derive.recursion import recursion
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import Derivation, symbols
from symbptt.narrative.forward import heads_told
from symbptt.narrative.identities import functions
from symbptt.narrative.values import Prose, Typed
from symbptt.narrative.voice import ENGLISH, Voice
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


def _meaning(variable: Variable, voice: Voice) -> Prose:
    text = voice.own(variable.description)
    given = variable.role is Role.BUFFER
    name = "constant" if given and variable.tied else str(variable.role)
    if voice.plain(f"glossary.role.{name}") in text:
        return (text,)
    role = voice.say(f"glossary.{'role' if variable.tied or given else 'untied'}.{name}")
    key = "described_again" if text.endswith((")", "）")) else "described"  # brackets do not follow brackets
    return voice.say(f"glossary.{key}", text=text, role=role) if text else role


def _in_code(variable: Variable, model: Model, voice: Voice) -> Prose:
    """The meaning, with the name in the code where the notation has another."""
    meaning = _meaning(variable, voice)
    shown, own = (typeset.text(speaker.name(variable, model)) for speaker in (voice, ENGLISH))
    if shown == own:
        return ("".join(map(str, meaning)),) if all(isinstance(part, str) for part in meaning) else meaning
    return voice.say("glossary.renamed", meaning=meaning, name=Typed(variable.name))


def entries(derivation: Derivation, letter: str | None = None, full: bool = False) -> tuple[Entry, ...]:
    """The variables of the model by role, then the letters of the derivation; families, of three or more of a role, as one.

    In full, the functions that the equations call and the signs that formulas use come last.
    """
    model, voice = derivation.model, derivation.voice

    def entry(expression: MatrixExpr, meaning: Prose) -> Entry:
        return Entry(voice.tree(expression, model), meaning, voice.shape(expression))

    order = (Role.INPUT, Role.STATE, Role.PARAMETER, Role.BUFFER, Role.LOCAL, Role.TARGET, Role.LOSS)
    made: list[Entry] = []
    for role in order:
        rows = [entry(v.at(), _in_code(v, model, voice)) for v in model.of(role) if v.definition is None]
        made += together(rows, letter, voice)
    letters = (entry(symbol, voice.say(f"glossary.{key}", **names)) for symbol, key, names in _letters(model, voice))
    made += together(list(letters), letter, voice)
    made += [Entry(Fenced(head_index(model)), told, "") for told in heads_told(model, voice)]
    return (*made, *_functions(model, voice), *_signs(derivation)) if full else tuple(made)


def _functions(model: Model, voice: Voice) -> Iterator[Entry]:
    """The functions that the equations call, and their derivatives."""
    for called, cases in functions(model, voice):
        yield Entry(called, voice.say("glossary.function", definition=voice.listed(cases)), "")


def _signs(derivation: Derivation) -> Iterator[Entry]:
    """The signs that the formulas of a derivation use."""
    model, voice = derivation.model, derivation.voice
    used = {tree for section in derivation.sections for step in section.steps for tree in _all(step.equation)}
    if model.states:
        now, theta = formula.state(model), symbols.parameter(model)
        for kind in ("immediate", "total"):
            value = Partial(now, theta, kind)
            yield Entry(voice.tree(value, model), voice.say(f"glossary.{kind}"), voice.shape(value))
    ones, hadamard = voice.tree(OneMatrix(symbols.parameter(model).rows, 1), model), Operator(voice.notation.hadamard)
    for sign, key in ((hadamard, "entrywise"), (ones, "ones")):
        if sign in used:
            yield Entry(sign, voice.say(f"glossary.{key}"), "")
    arrow = next((tree.arrow for tree in used if isinstance(tree, BigOperator) and tree.arrow), "")
    if arrow:
        yield Entry(BigOperator("∏", Identifier("j"), None, arrow), voice.say("glossary.directed"), "")


def _all(tree: Tree) -> Iterator[Tree]:
    """A formula and all parts of it."""
    yield tree
    for part in parts(tree):
        yield from _all(part)


def together(rows: list[Entry], letter: str | None, voice: Voice) -> list[Entry]:
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
        meaning = _merged([str(row.meaning[0]) for row in (first, *(other for _, other in members))], voice)
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


def _merged(texts: list[str], voice: Voice) -> Prose:
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
    return (start + voice.word("common.list.comma").join(inner) + end,)


def _letters(model: Model, voice: Voice) -> list[tuple[MatrixExpr, str, dict[str, Tree]]]:
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
    made += [(letter, "slope", {"name": voice.name(target, model)}) for target, _, letter in symbols.slopes(model)]
    example = min((e.variable for e in recursion(model).adjoints), key=lambda v: v.definition is not None, default=None)
    if example is not None:
        name = voice.name(example, model) if example.definition is None else voice.tree(example.definition, model)
        made.append((Adjoint(example.at()), "node_adjoint", {"name": name}))
    return made


def sizes(model: Model, voice: Voice) -> Prose:
    """What the letters of the shapes mean: each is the size of the first vector that has it."""
    roles = (Role.INPUT, Role.STATE, Role.LOCAL, Role.PARAMETER)
    known: dict[str, Tree] = {}
    for variable in (v for role in roles for v in model.of(role) if v.definition is None and len(v.shape) == 1):
        known.setdefault(variable.shape[0], voice.tree(variable.at(), model))
    told = [voice.say("glossary.size", vector=vector, size=size) for size, vector in known.items() if size.isalpha()]
    said = voice.say("glossary.sizes", sizes=voice.joined(told)) if told else voice.say("glossary.steps")
    source = voice.tree(SOURCE, model)
    return said if source == Identifier("k") else (*said, *voice.say("glossary.source", letter=source))
