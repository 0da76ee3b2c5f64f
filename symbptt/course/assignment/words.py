"""The words of an assignment: the statement from the model's equations, and the rubric from the table of credit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symbptt import typeset
from symbptt.course.assignment.task import Task
from symbptt.data.values import GROUPS
from symbptt.diagnose.report import Derivation
from symbptt.document.backward_pass.asked import has_classes, shape
from symbptt.document.writers.markdown import Markdown
from symbptt.mistakes import named
from symbptt.model.values import Equation, Model, Role, Variable

_MEANING = {
    "T": "the number of steps", "N": "the number of samples", "_dtype": "the precision",
}


def statement(task: Task) -> str:
    """What students read, as Markdown."""
    model, loss = task.model, task.model.loss
    assert loss is not None
    plain = Markdown().text
    names = ", ".join(f"`{name}`" for name in task.gradients)
    last = "of the last step" if loss.at == "last" else "of every step"
    parts = [
        f"# Backpropagation through time: {plain(model.title)}",
        "The recurrence, for steps t = 1, …, T, is",
        *_equations(model, model.equations),
        f"and the loss {last} is",
        *_equations(model, loss.equations),
        f"The whole loss is the {'mean' if loss.reduction == 'mean' else 'sum'} over steps and samples. "
        f"Write `backward`, which returns its gradients by {names}, each in the shape of its variable: derive the backward "
        "recursion from the equations, let it run from t = T to t = 1, and add up what every step contributes.",
        "All arguments are dicts of arrays; T is the number of steps, N that of samples.",
        _table(("argument", "name", "shape", "what it is"), _arguments(task)),
        "`forward(parameters, inputs, states)` is given and returns `residuals`, a dict of what the recurrence computes:",
        _table(("name", "shape", "what it is"), _residuals(task)),
        "`loss(parameters, residuals, targets)` returns the loss, so that you can check a gradient by differences.",
    ]
    return "\n\n".join(parts) + "\n"


def _equations(model: Model, equations: Iterable[Equation]) -> Iterator[str]:
    for e in equations:
        if e.target.definition is None:
            yield f"$$ {typeset.latex(typeset.equation(e.target.at(), e.value, model=model))} \\tag{{{e.number}}} $$"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _about(variable: Variable, model: Model) -> str:
    about = dict(variable.description).get("en", "")
    words = Markdown().text(about)
    return ", ".join(part for part in (words, "integer classes" if has_classes(variable, model) else "") if part)


def _arguments(task: Task) -> Iterator[tuple[str, ...]]:
    for group in GROUPS:
        for v in task.model.variables:
            if v.role.group == group:
                first = "the initial state" if v.role is Role.STATE else ""
                yield f"`{group}`", f"`{v.name}`", shape(v, task.model), first or _about(v, task.model)


def _residuals(task: Task) -> Iterator[tuple[str, ...]]:
    known = {v.name: v for v in task.model.variables}
    for name in task.source.kept:
        variable = known.get(name)
        if name in _MEANING:
            yield f"`{name}`", "", _MEANING[name]
        elif variable is None:
            yield f"`{name}`", "", "a value that the equations share"
        elif variable.role is Role.STATE:
            rows = shape(variable, task.model).replace("(N", "(T + 1, N")
            yield f"`{name}`", rows, "row 0 is the initial state, row t that of step t"
        else:
            formula = f"${typeset.latex(variable.definition, task.model)}$" if variable.definition is not None else ""
            yield f"`{name}`", _rows(variable, task.model), formula or "row t − 1 is the value of step t"


def _rows(variable: Variable, model: Model) -> str:
    local = variable.role in (Role.LOCAL, Role.LOSS)
    return f"({', '.join(('T', 'N', *variable.shape))})" if local else shape(variable, model)


def rubric(task: Task) -> str:
    """What graders read, as Markdown."""
    derivation = Derivation(task.model)
    parts = [f"# Rubric: {Markdown().text(task.model.title)}", "Points of a gradient that is right:"]
    parts.append(_table(("gradient", "points"), ((f"`{g}`", f"{task.credit.of(g):g}") for g in task.gradients)))
    parts.append(f"{sum(map(task.credit.of, task.gradients)):g} in all. The equations of the solution:")
    numbered = ((n, derivation.equation(n)) for n in range(1, 10 * len(task.model.variables) + 10))
    parts.append("\n".join(f"- ({n}) {text}" for n, text in numbered if text))
    parts.append("A gradient that is wrong keeps a share of its points for the cause that a diagnosis finds; causes that act "
                 "together multiply.")
    shares = sorted(task.credit.causes.items(), key=lambda item: -item[1])
    parts.append(_table(("cause", "share", "what went wrong"), (
        (f"`{name}`", f"{share:.0%}", Markdown().text(named(name).sentence())) for name, share in shares
    )))
    parts.append(f"Another known cause keeps {task.credit.other:.0%}, an unknown one {task.credit.unknown:.0%}, a gradient that "
                 f"is right up to a factor or a layout {task.credit.scaled:.0%}.")
    return "\n\n".join(parts) + "\n"
