"""What is given: the conventions, and the equations of one step."""

from __future__ import annotations

import sympy as sp

from symbptt import typeset
from symbptt.algebra.head_nodes import CutHeads, JoinHeads
from symbptt.algebra.nodes import TIME, BatchMean, CrossEntropy, Partial, SumOver, leaves
from symbptt.derive import formula
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Equation, Model, Role
from symbptt.narrative import symbols
from symbptt.narrative.inline import prose
from symbptt.narrative.stages import WIDE
from symbptt.narrative.values import Prose, Section, Step
from symbptt.narrative.voice import Voice
from symbptt.typeset.symbols import head_index


def conventions(model: Model, voice: Voice) -> Section:
    """How to read the formulas; where sources differ, it is said."""
    L, theta = symbols.loss(model, None), symbols.parameter(model)
    gradient = voice.tree(symbols.total(L, theta), model)
    notes: list[Prose] = [
        voice.say("derivation.conventions.gradient", loss=voice.tree(L, model), gradient=gradient),
        voice.say("derivation.conventions.matrix"),
    ]
    if model.states:
        now, before = formula.state(model), formula.state(model, TIME - 1)
        state = voice.tree(now, model)
        notes += [
            state_told(model, voice),
            voice.say("derivation.conventions.loss_reads", loss=voice.tree(symbols.loss(model), model), state=state),
            voice.say(
                "derivation.conventions.immediate", immediate=voice.tree(symbols.immediate(now, theta), model),
                before=voice.tree(before, model), total=voice.tree(symbols.total(now, theta), model),
                jacobian=voice.tree(symbols.state_partial(model), model),
            ) + plus(voice),
        ]
    notes += [*heads_told(model, voice), *_partial(model, voice)]
    notes += [*_batch(model, voice), *_loss_notes(model, voice), *_notation_notes(model, voice)]
    return Section(voice.word("derivation.conventions.heading"), intro=tuple(notes))


def heads_told(model: Model, voice: Voice) -> list[Prose]:
    """What the index of a head means, and how all heads become one value, and one value the parts of the heads."""
    if model.heads is None:
        return []
    each = next(v for v in model.variables if v.heads is not None and v.definition is None).at()
    whole = sp.MatrixSymbol(formula.free(model, "vector"), symbols.parameter(model).rows, 1)
    trees = {"joined": JoinHeads(each, model.heads), "vector": whole, "part": CutHeads(whole, model.heads)}
    slots = {name: voice.tree(value, model) for name, value in trees.items()}
    return [voice.say("derivation.conventions.heads", index=head_index(model), number=str(model.heads), **slots)]


def _partial(model: Model, voice: Voice) -> list[Prose]:
    """What a local derivative is, by the first that is short, and whether it shares its sign with another derivative."""
    read = [
        Partial(e.target.at(), leaf, "partial")
        for e in model.all_equations for leaf in leaves(e.value) if model[leaf.name].role in (Role.STATE, Role.LOCAL)
    ]
    short = (partial for partial in read if len(typeset.text(partial, model)) <= WIDE // 2)
    first, sign = next(short, next(iter(read), None)), voice.notation.derivative
    shared = any(sign(kind) == sign("partial") for kind in ("immediate", "total"))
    key = "partial_shared" if shared and model.states else "partial"
    return [] if first is None else [voice.say(f"derivation.conventions.{key}", partial=voice.tree(first, model))]


def _batch(model: Model, voice: Voice) -> list[Prose]:
    """What the formulas mean where a mean over the batch mixes the samples."""
    if not any(e.value.has(BatchMean) for e in model.all_equations):
        return []
    example = BatchMean(sp.MatrixSymbol(formula.free(model, "vector"), symbols.parameter(model).rows, 1))
    return [voice.say("derivation.conventions.batch", mean=voice.tree(example, model))]


def plus(voice: Voice) -> Prose:
    """Which derivative the sign + stands for, and who uses it otherwise."""
    marked = [kind for kind in ("immediate", "total") if voice.notation.derivative(kind).sup == "+"]
    return voice.say(f"derivation.conventions.plus_{marked[0]}") if marked else ()


def _notation_notes(model: Model, voice: Voice) -> list[Prose]:
    """What a reader should know of the notation, and the variables that keep their symbol."""
    note, source = prose(voice.own(voice.notation.note)), prose(voice.own(voice.notation.source))
    said = [(*note, *voice.say("derivation.conventions.source", source=source))] if source else []
    kept = [voice.name(model[name], model) for name in typeset.kept(model, voice.notation)]
    return [*said, voice.say("derivation.conventions.kept", variables=voice.listed(kept))] if kept else said


def _start(model: Model, voice: Voice) -> Prose:
    """What the initial values are: one sentence for the state as a whole, or one for each where some are learned."""
    if all(variable.initial is None for variable in model.states):
        return voice.say("derivation.conventions.initial", initial=voice.tree(formula.state(model, 0), model))
    said: Prose = ()
    for variable in model.states:
        slots = {"initial": voice.tree(variable.at(0), model)}
        if variable.initial is None:
            said += voice.say("derivation.conventions.initial", **slots)
        else:
            parameter = voice.tree(model[variable.initial].at(), model)
            said += voice.say("derivation.conventions.start", parameter=parameter, **slots)
    return said


def state_told(model: Model, voice: Voice) -> Prose:
    """What the state is, and where it starts."""
    return (*_state_meaning(model, voice), *_start(model, voice))


def _state_meaning(model: Model, voice: Voice) -> Prose:
    whole = voice.tree(formula.state(model), model)
    if not formula.stacked(model):
        return voice.say("derivation.conventions.state", state=whole)
    members = voice.listed(voice.tree(formula.of_all_heads(v.at(), model), model) for v in model.states)
    return voice.say("derivation.conventions.states", state=whole, members=members)


def _loss_notes(model: Model, voice: Voice) -> list[Prose]:
    assert model.loss is not None
    entropies = [node for e in model.loss.equations for node in e.value.atoms(CrossEntropy)]
    targets = {s for node in entropies for s in node.args[1].atoms(sp.MatrixSymbol)}
    made = [
        voice.say("derivation.conventions.target", target=voice.tree(target, model))
        for target in sorted(targets, key=lambda s: s.name)
    ]
    if model.loss.at == "last":
        made.append(voice.say("derivation.conventions.last", loss=voice.tree(symbols.loss(model, symbols.LAST), model)))
    if model.loss.reduction == "mean":
        made.append(voice.say("derivation.conventions.mean", loss=voice.tree(symbols.loss(model, None), model)))
    return made


def _description(equation: Equation, voice: Voice) -> Prose:
    own = voice.own(equation.target.description)
    if not own and equation.target.role is Role.LOSS:
        return voice.say("derivation.forward.loss")
    return (own,) if own else ()


def equations(model: Model, voice: Voice) -> Section:
    """The equations of one step, with their numbers; values without a name of their own are written inside the others."""
    steps = [
        Step(
            voice.equation(model, e.target.at(), e.value), _description(e, voice), voice.check(e.value), number=e.number,
            label=f"forward-{e.target.name}",
        )
        for e in model.all_equations if e.target.definition is None
    ]
    assert model.loss is not None
    total = symbols.loss(model, None)
    last = symbols.loss(model, symbols.LAST)
    whole = last if model.loss.at == "last" else SumOver(symbols.loss(model), TIME, 1, symbols.LAST)
    rule = voice.say(f"derivation.forward.{model.loss.at}")
    steps.append(Step(voice.equation(model, total, whole), rule, voice.shape(total), label="loss"))
    return Section(voice.word("derivation.forward.heading"), tuple(steps), (voice.say("derivation.forward.intro"),))


def is_recurrent(model: Model) -> bool:
    """Whether a step depends on the one before."""
    return bool(state_jacobian(model))
