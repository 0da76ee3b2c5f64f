"""What is given: the conventions, and the equations of one step."""

import sympy as sp

from symbptt import typeset
from symbptt.algebra.head_nodes import CutHeads, JoinHeads
from symbptt.algebra.nodes import TIME, BatchMean, CrossEntropy, Partial, SumOver, leaves
from symbptt.derive import formula
from symbptt.derive.step import state_jacobian
from symbptt.model.values import Equation, Model, Role
from symbptt.narrative import symbols
from symbptt.narrative.inline import prose
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.stages import WIDE
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.symbols import head_index


def conventions(model: Model, presentation: Presentation) -> Section:
    """How to read the formulas; where sources differ, it is said."""
    L, theta = symbols.loss(model, None), symbols.parameter(model)
    gradient = presentation.tree(symbols.total(L, theta), model)
    notes: list[Prose] = [
        presentation.prose("derivation.conventions.gradient", loss=presentation.tree(L, model), gradient=gradient),
        presentation.prose("derivation.conventions.matrix"),
    ]
    if model.states:
        now, before = formula.state(model), formula.state(model, TIME - 1)
        state = presentation.tree(now, model)
        notes += [
            state_told(model, presentation),
            presentation.prose("derivation.conventions.loss_reads", loss=presentation.tree(symbols.loss(model), model),
                state=state),
            presentation.prose(
                "derivation.conventions.immediate", immediate=presentation.tree(symbols.immediate(now, theta), model),
                before=presentation.tree(before, model), total=presentation.tree(symbols.total(now, theta), model),
                jacobian=presentation.tree(symbols.state_partial(model), model),
            ) + plus(presentation),
        ]
    notes += [*heads_told(model, presentation), *_partial(model, presentation)]
    notes += [*_batch(model, presentation), *_loss_notes(model, presentation), *_notation_notes(model, presentation)]
    return Section(presentation.text("derivation.conventions.heading"), intro=tuple(notes))


def heads_told(model: Model, presentation: Presentation) -> list[Prose]:
    """What the index of a head means, and how all heads become one value, and one value the parts of the heads."""
    if model.heads is None:
        return []
    each = next(v for v in model.variables if v.heads is not None and v.definition is None).at()
    whole = sp.MatrixSymbol(formula.free(model, "vector"), symbols.parameter(model).rows, 1)
    trees = {"joined": JoinHeads(each, model.heads), "vector": whole, "part": CutHeads(whole, model.heads)}
    slots = {name: presentation.tree(value, model) for name, value in trees.items()}
    return [presentation.prose("derivation.conventions.heads", index=head_index(model), number=str(model.heads), **slots)]


def _partial(model: Model, presentation: Presentation) -> list[Prose]:
    """What a local derivative is, by the first that is short, and whether it shares its sign with another derivative."""
    read = [
        Partial(e.target.at(), leaf, "partial")
        for e in model.all_equations for leaf in leaves(e.value) if model[leaf.name].role in (Role.STATE, Role.LOCAL)
    ]
    short = (partial for partial in read if len(typeset.text(partial, model)) <= WIDE // 2)
    first, sign = next(short, next(iter(read), None)), presentation.notation.derivative
    shared = any(sign(kind) == sign("partial") for kind in ("immediate", "total"))
    key = "partial_shared" if shared and model.states else "partial"
    return [] if first is None else [presentation.prose(f"derivation.conventions.{key}", partial=presentation.tree(first, model))]


def _batch(model: Model, presentation: Presentation) -> list[Prose]:
    """What the formulas mean where a mean over the batch mixes the samples."""
    if not any(e.value.has(BatchMean) for e in model.all_equations):
        return []
    example = BatchMean(sp.MatrixSymbol(formula.free(model, "vector"), symbols.parameter(model).rows, 1))
    return [presentation.prose("derivation.conventions.batch", mean=presentation.tree(example, model))]


def plus(presentation: Presentation) -> Prose:
    """Which derivative the sign + stands for, and who uses it otherwise."""
    marked = [kind for kind in ("immediate", "total") if presentation.notation.derivative(kind).sup == "+"]
    return presentation.prose(f"derivation.conventions.plus_{marked[0]}") if marked else ()


def _notation_notes(model: Model, presentation: Presentation) -> list[Prose]:
    """What a reader should know of the notation, and the variables that keep their symbol."""
    note, source = prose(presentation.own(presentation.notation.note)), prose(presentation.own(presentation.notation.source))
    said = [(*note, *presentation.prose("derivation.conventions.source", source=source))] if source else []
    kept = [presentation.name(model[name], model) for name in typeset.kept(model, presentation.notation)]
    return [*said, presentation.prose("derivation.conventions.kept", variables=presentation.listed(kept))] if kept else said


def _start(model: Model, presentation: Presentation) -> Prose:
    """What the initial values are: one sentence for the state as a whole, or one for each where some are learned."""
    if all(variable.initial is None for variable in model.states):
        return presentation.prose("derivation.conventions.initial", initial=presentation.tree(formula.state(model, 0), model))
    said: Prose = ()
    for variable in model.states:
        slots = {"initial": presentation.tree(variable.at(0), model)}
        if variable.initial is None:
            said += presentation.prose("derivation.conventions.initial", **slots)
        else:
            parameter = presentation.tree(model[variable.initial].at(), model)
            said += presentation.prose("derivation.conventions.start", parameter=parameter, **slots)
    return said


def state_told(model: Model, presentation: Presentation) -> Prose:
    """What the state is, and where it starts."""
    return (*_state_meaning(model, presentation), *_start(model, presentation))


def _state_meaning(model: Model, presentation: Presentation) -> Prose:
    whole = presentation.tree(formula.state(model), model)
    if not formula.stacked(model):
        return presentation.prose("derivation.conventions.state", state=whole)
    members = presentation.listed(presentation.tree(formula.of_all_heads(v.at(), model), model) for v in model.states)
    return presentation.prose("derivation.conventions.states", state=whole, members=members)


def _loss_notes(model: Model, presentation: Presentation) -> list[Prose]:
    assert model.loss is not None
    entropies = [node for e in model.loss.equations for node in e.value.atoms(CrossEntropy)]
    targets = {s for node in entropies for s in node.args[1].atoms(sp.MatrixSymbol)}
    made = [
        presentation.prose("derivation.conventions.target", target=presentation.tree(target, model))
        for target in sorted(targets, key=lambda s: s.name)
    ]
    if model.loss.at == "last":
        made.append(presentation.prose("derivation.conventions.last",
            loss=presentation.tree(symbols.loss(model, symbols.LAST), model)))
    if model.loss.reduction == "mean":
        made.append(presentation.prose("derivation.conventions.mean", loss=presentation.tree(symbols.loss(model, None), model)))
    return made


def _description(equation: Equation, presentation: Presentation) -> Prose:
    own = presentation.own(equation.target.description)
    if not own and equation.target.role is Role.LOSS:
        return presentation.prose("derivation.forward.loss")
    return (own,) if own else ()


def equations(model: Model, presentation: Presentation) -> Section:
    """The equations of one step, with their numbers; values without a name of their own are written inside the others."""
    steps = [
        Step(
            presentation.equation(model, e.target.at(), e.value), _description(e, presentation), presentation.check(e.value),
            number=e.number,
            label=f"forward-{e.target.name}",
        )
        for e in model.all_equations if e.target.definition is None
    ]
    assert model.loss is not None
    total = symbols.loss(model, None)
    last = symbols.loss(model, symbols.LAST)
    whole = last if model.loss.at == "last" else SumOver(symbols.loss(model), TIME, 1, symbols.LAST)
    rule = presentation.prose(f"derivation.forward.{model.loss.at}")
    steps.append(Step(presentation.equation(model, total, whole), rule, presentation.shape(total), label="loss"))
    return Section(presentation.text("derivation.forward.heading"), tuple(steps),
        (presentation.prose("derivation.forward.intro"),))


def is_recurrent(model: Model) -> bool:
    """Whether a step depends on the one before."""
    return bool(state_jacobian(model))
