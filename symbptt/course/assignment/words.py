"""The words of an assignment: the statement from the model's equations, and the rubric from the table of credit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from symbptt import typeset
from symbptt.course.assignment.task import Task
from symbptt.diagnose.report import Derivation
from symbptt.document.backward_pass.asked import axes_of, has_classes, shape, shaped
from symbptt.document.backward_pass.of_parts import PassOfParts
from symbptt.document.backward_pass.one import STEPS, OnePass
from symbptt.document.composed.members import members, reads
from symbptt.document.writers.markdown import Markdown
from symbptt.mistakes import named
from symbptt.model.values import Equation, Model, Role, Variable
from symbptt.narrative.presentation import Presentation

_MEANING = {"T": "about.steps", "N": "about.samples", "_dtype": "about.precision"}
"""What residuals beside the values of equations are, by the key of the words."""


@dataclass(frozen=True)
class _Section:
    """A recurrence: what is said before its equations, and before the table of what the forward pass keeps of it, by name."""

    model: Model
    presentation: Presentation
    steps: str
    intro: str
    about: str
    kept: tuple[str, ...]
    name: str = ""
    turned: bool = False


def statement(task: Task) -> str:
    """What students read, as Markdown."""
    loss, say = task.model.loss, task.word
    assert loss is not None
    names = task.presentation.text("common.list.comma").join(f"`{name}`" for name in task.gradients)
    sections = _SECTIONS[type(task.source)](task)
    parts = [
        f"# {say('statement.title', title=_title(task))}",
        *(text for one in sections for text in (one.intro, *_equations(one, one.model.equations))),
        say(f"statement.{loss.at}"),
        *_equations(sections[-1], sections[-1].model.all_equations[len(sections[-1].model.equations):]),
        say("statement.write" + "_parts" * (len(sections) > 1), whole=say(f"statement.{loss.reduction}"), names=names),
        say("statement.arguments"),
        _table(_head(task, "argument", "name", "shape", "about"), _arguments(task)),
        *(text for one in sections for text in (one.about, _table(_head(task, "name", "shape", "about"), _residuals(task, one)))),
        say("statement.loss"),
    ]
    return "\n\n".join(parts) + "\n"


def _one(task: Task) -> list[_Section]:
    source = task.source
    assert isinstance(source, OnePass)
    recurrence, forward = task.word("statement.recurrence"), task.word("statement.forward")
    return [_Section(source.model, task.presentation, "T", recurrence, forward, source.kept)]


def _parts(task: Task) -> list[_Section]:
    """Part by part; the numbers of equations go on from one to the next, as in the code."""
    source, writer = task.source, Markdown()
    assert isinstance(source, PassOfParts)
    names = task.presentation.text("common.list.comma").join(f"`{name}`" for name in source.handed)
    intro, about = [task.presentation.text("composed.part.lines")], [task.word("statement.forward_parts", names=names)]
    made = []
    for member in members(source.model):
        presentation, steps = member.presentation(task.presentation, STEPS), source.model.length(member.part)
        name = writer.text(member.heading(task.presentation, STEPS))
        intro.append(" ".join((
            f"**{name}.**", *([task.word("statement.steps", name=steps)] * (steps != "T")),
            *map(writer.prose, reads(member, members(source.model), presentation)),
        )))
        about.append(f'`residuals["part {member.number}"]`:')
        made.append(_Section(member.model, presentation, steps, "\n\n".join(intro), "\n\n".join(about),
                             source.kept(member.number),
                             name, member.part.backward))
        intro, about = [], []
    return made


_SECTIONS: dict[type, Callable[[Task], list[_Section]]] = {OnePass: _one, PassOfParts: _parts}


def _head(task: Task, *keys: str) -> tuple[str, ...]:
    return tuple(task.word(f"column.{key}") for key in keys)


def _title(task: Task) -> str:
    return Markdown().text(task.presentation.title(cast(Model, task.model)))


def _equations(section: _Section, equations: Iterable[Equation]) -> Iterator[str]:
    for e in equations:
        if e.target.definition is None:
            formula = section.presentation.equation(section.model, e.target.at(), e.value)
            yield f"$$ {typeset.latex(formula)} \\tag{{{e.number}}} $$"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _about(variable: Variable, task: Task) -> str:
    about = Markdown().text(task.presentation.own(variable.description))
    if not has_classes(variable, task.model):
        return about
    return task.word("about.described", about=about) if about else task.word("about.classes")


def _arguments(task: Task) -> Iterator[tuple[str, ...]]:
    for v in task.arguments:
        about = task.word("about.initial") if v.role is Role.STATE else _about(v, task)
        yield f"`{v.role.group}`", f"`{v.name}`", shape(v, task.model), about


def _residuals(task: Task, section: _Section) -> Iterator[tuple[str, ...]]:
    known, turned = {v.name: v for v in section.model.variables}, "_turned" * section.turned
    for name in section.kept:
        variable = known.get(name)
        if name in _MEANING:
            yield f"`{name}`", "", task.word(_MEANING[name])
        elif variable is None:
            yield f"`{name}`", "", task.word("about.shared")
        elif variable.role is Role.STATE:
            rows = shaped(f"{section.steps} + 1", "N", *variable.shape)
            yield f"`{name}`", rows, task.word(f"about.states{turned}", steps=section.steps)
        else:
            own = variable.definition
            formula = f"${typeset.latex(section.presentation.tree(own, section.model))}$" if own is not None else ""
            given = variable.role not in (Role.LOCAL, Role.LOSS)
            axes = axes_of(variable, section.model) if given else ("T", "N", *variable.shape)
            rows = shaped(*(section.steps if axis == "T" else axis for axis in axes))
            yield f"`{name}`", rows, formula or task.word(f"about.rows{turned}", steps=section.steps)


def _derived(section: _Section, task: Task) -> Iterator[str]:
    """The equations of the backward pass, in the order in which the recurrence runs."""
    yield from ([f"**{section.name}.**" + f" {task.word('rubric.turned')}" * section.turned] if section.name else [])
    yield "\n".join(f"- ({number}) {text}" for number, text in Derivation(section.model).told)


def rubric(task: Task) -> str:
    """What graders read, as Markdown."""
    say, credit = task.word, task.credit
    sections = _SECTIONS[type(task.source)](task)
    shares = sorted(credit.causes.items(), key=lambda item: -item[1])
    parts = [
        f"# {say('rubric.title', title=_title(task))}",
        say("rubric.points"),
        _table(_head(task, "gradient", "points"), ((f"`{g}`", f"{credit.of(g):g}") for g in task.gradients)),
        say("rubric.all", points=f"{sum(map(credit.of, task.gradients)):g}"),
        *(text for one in sections for text in _derived(one, task)),
        say("rubric.share"),
        _table(_head(task, "cause", "share", "wrong"), (
            (f"`{name}`", f"{share:.0%}", Markdown().text(named(name).sentence(task.language))) for name, share in shares
        )),
        say("rubric.other", other=f"{credit.other:.0%}", unknown=f"{credit.unknown:.0%}", scaled=f"{credit.scaled:.0%}"),
    ]
    return "\n\n".join(parts) + "\n"
