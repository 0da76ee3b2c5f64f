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

_MEANING = {"T": "about.steps", "N": "about.samples", "_dtype": "about.precision"}
"""What residuals beside the values of equations are, by the key of the words."""


def statement(task: Task) -> str:
    """What students read, as Markdown."""
    model, loss, say = task.model, task.model.loss, task.word
    assert loss is not None
    names = task.voice.word("common.list.comma").join(f"`{name}`" for name in task.gradients)
    parts = [
        f"# {say('statement.title', title=_title(task))}",
        say("statement.recurrence"),
        *_equations(model, model.equations),
        say(f"statement.{loss.at}"),
        *_equations(model, loss.equations),
        say("statement.write", whole=say(f"statement.{loss.reduction}"), names=names),
        say("statement.arguments"),
        _table(_head(task, "argument", "name", "shape", "about"), _arguments(task)),
        say("statement.forward"),
        _table(_head(task, "name", "shape", "about"), _residuals(task)),
        say("statement.loss"),
    ]
    return "\n\n".join(parts) + "\n"


def _title(task: Task) -> str:
    return Markdown().text(task.voice.title(task.model))


def _head(task: Task, *keys: str) -> tuple[str, ...]:
    return tuple(task.word(f"column.{key}") for key in keys)


def _equations(model: Model, equations: Iterable[Equation]) -> Iterator[str]:
    for e in equations:
        if e.target.definition is None:
            yield f"$$ {typeset.latex(typeset.equation(e.target.at(), e.value, model=model))} \\tag{{{e.number}}} $$"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _about(variable: Variable, task: Task) -> str:
    about = Markdown().text(task.voice.own(variable.description))
    if not has_classes(variable, task.model):
        return about
    return task.word("about.described", about=about) if about else task.word("about.classes")


def _arguments(task: Task) -> Iterator[tuple[str, ...]]:
    for group in GROUPS:
        for v in task.model.variables:
            if v.role.group == group:
                about = task.word("about.initial") if v.role is Role.STATE else _about(v, task)
                yield f"`{group}`", f"`{v.name}`", shape(v, task.model), about


def _residuals(task: Task) -> Iterator[tuple[str, ...]]:
    known = {v.name: v for v in task.model.variables}
    for name in task.source.kept:
        variable = known.get(name)
        if name in _MEANING:
            yield f"`{name}`", "", task.word(_MEANING[name])
        elif variable is None:
            yield f"`{name}`", "", task.word("about.shared")
        elif variable.role is Role.STATE:
            yield f"`{name}`", shape(variable, task.model).replace("(N", "(T + 1, N"), task.word("about.states")
        else:
            formula = f"${typeset.latex(variable.definition, task.model)}$" if variable.definition is not None else ""
            yield f"`{name}`", _rows(variable, task.model), formula or task.word("about.rows")


def _rows(variable: Variable, model: Model) -> str:
    local = variable.role in (Role.LOCAL, Role.LOSS)
    return f"({', '.join(('T', 'N', *variable.shape))})" if local else shape(variable, model)


def rubric(task: Task) -> str:
    """What graders read, as Markdown."""
    derivation, say, credit = Derivation(task.model), task.word, task.credit
    numbered = ((n, derivation.equation(n)) for n in range(1, 10 * len(task.model.variables) + 10))
    shares = sorted(credit.causes.items(), key=lambda item: -item[1])
    parts = [
        f"# {say('rubric.title', title=_title(task))}",
        say("rubric.points"),
        _table(_head(task, "gradient", "points"), ((f"`{g}`", f"{credit.of(g):g}") for g in task.gradients)),
        say("rubric.all", points=f"{sum(map(credit.of, task.gradients)):g}"),
        "\n".join(f"- ({n}) {text}" for n, text in numbered if text),
        say("rubric.share"),
        _table(_head(task, "cause", "share", "wrong"), (
            (f"`{name}`", f"{share:.0%}", Markdown().text(named(name).sentence(task.language))) for name, share in shares
        )),
        say("rubric.other", other=f"{credit.other:.0%}", unknown=f"{credit.unknown:.0%}", scaled=f"{credit.scaled:.0%}"),
    ]
    return "\n\n".join(parts) + "\n"
