"""A composed model told part by part: what it is, its steps, and the gradient in one of its three forms."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from symbptt import derive, narrative, typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Partial, SumOver
from symbptt.compose.chain import Chain, How, Part, check_truncation
from symbptt.compose.cotangents import with_cotangents
from symbptt.compose.mirror import mirrored, mirrored_model, mirrored_presentation
from symbptt.emit.source_file import wanted_variables
from symbptt.errors import BadInput
from symbptt.model.values import Equation, Model, Role, Variable
from symbptt.narrative.inline import Prose, plain
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.narrative.symbols import LAST, loss
from symbptt.terminal import columns, width, wrapped
from symbptt.typeset.tree import Tree
from symbptt.unroll.graph import UnrolledGraph, steps

FORMS = ("sum", "adjoint", "nested")


def said(prose: Prose) -> str:
    """A sentence as text."""
    return plain(prose, typeset.text)


def heading(part: Part, number: int, presentation: Presentation) -> str:
    """What a part computes, and in which direction."""
    key = "backward" if part.backward else "forward" if part.model.states else "heading"
    values = part.model.states or part.model.outputs
    names = presentation.listed(presentation.name(v, part.model) for v in values)
    shown = f"{number} ({part.phase})" if part.phase else str(number)
    return said(presentation.prose(f"composed.part.{key}", number=shown, values=names))


def links(part: Part, presentation: Presentation) -> Iterator[Prose]:
    """What a part reads of earlier ones, as sentences."""
    model, _ = with_cotangents(part.model)
    if taken := [link.name for link in part.links if link.how is not How.FINAL]:
        names = presentation.listed(presentation.name(model[name], model) for name in taken)
        yield presentation.prose("composed.part.reads", values=names)
    for link in part.links:
        variable = model[link.name]
        source = replace(variable, name=link.source)
        if link.how is How.MEMORY:
            summed = SumOver(Partial(loss(model, None), variable.at(), "total"), TIME, 1, LAST)
            yield presentation.prose("composed.part.memory", name=presentation.name(variable, model),
                            source=presentation.name(source, model),
                            sum=presentation.tree(summed, model))
        if link.how is How.FINAL:
            yield presentation.prose("composed.part.final", name=presentation.name(variable, model),
                            source=presentation.name(source, model),
                            start=typeset.compose(variable.at(LAST + 1 if part.backward else 0), presentation.notation, model))


def handed(pairs: Iterable[tuple[Variable, Variable]], model: Model, presentation: Presentation) -> Iterator[Prose]:
    """That the cotangents of a part without a loss are what later parts hand back, and make a loss of its own."""
    losses = {"loss": loss(model), "total": loss(model, None)}
    for value, cotangent in pairs:
        product = tidy.total(tidy.hadamard(cotangent.at(), value.at()))
        shown = {"cotangent": cotangent.at(), "value": value.at(), "product": product, **losses}
        yield presentation.prose("composed.part.handed", **{slot: presentation.tree(tree, model) for slot, tree in shown.items()})


def _shown(equation: Equation, part: Part) -> str:
    model, expression = part.model, (equation.target.at(), equation.value)
    if part.backward:
        model, expression = mirrored_model(model), (equation.target.at(), mirrored(equation.value))
    left, right = (typeset.text(e, model) for e in expression)
    return f"{left} = {right}"


def equations(part: Part) -> list[str]:
    """The equations of one step, in the steps of the model."""
    return [_shown(e, part) for e in part.model.all_equations if e.target.definition is None]


def summary(chain: Chain) -> str:
    """Variables, and the parts with their equations, as text."""
    told = [chain.name + ": " + chain.title] + [chain.reference] * bool(chain.reference)
    known = [v for v in chain.variables if v.role in (Role.INPUT, Role.STATE, Role.PARAMETER, Role.BUFFER, Role.TARGET)]
    rows = [(str(v.role), v.name, " ".join(v.shape) or "scalar", ENGLISH.own(v.description)) for v in known]
    told += ["", *columns(rows)]
    for number, part in enumerate(chain.parts, 1):
        read = [line for text in links(part, ENGLISH) for line in wrapped(said(text), "  ")]
        told += ["", heading(part, number, ENGLISH), *read]
        told += [f"    {line}" for line in equations(part)]
    if chain.loss is not None:
        told += ["", f"loss at {'last step' if chain.loss.at == 'last' else 'every step'}: {chain.loss.name}"]
    return "\n".join(told)


def unrolled(chain: Chain, T: int) -> list[dict[str, Any]]:
    """Every assignment in the order of computation: its part, variable and step, its sides and the model to write them with."""
    rows: list[dict[str, Any]] = []
    for number, part in enumerate(chain.parts, 1):
        model = mirrored_model(part.model) if part.backward else part.model
        for a in steps(part.model, T):
            if a.variable.definition is None:
                sides = tuple(mirrored(s, T) if part.backward else s for s in (a.target, a.value))
                rows.append({"part": number, "variable": a.variable.name, "step": T + 1 - a.step if part.backward else a.step,
                             "sides": sides, "model": model})
    return rows


@dataclass(frozen=True)
class ToldPart:
    """A part with its gradients: `results` are those of `derive`, told in `presentation`."""

    number: int
    heading: str
    sentences: tuple[str, ...]
    results: tuple[Any, ...]
    presentation: Presentation

    def written(self, write: Callable[[Any, Presentation], str]) -> list[str]:
        """Each result, written out."""
        return [written for result in self.results if (written := write(result, self.presentation).strip("\n"))]


@dataclass(frozen=True)
class Told:
    """The gradient of a composed model in one of its forms, the last part first; `shared` is about variables of several parts."""

    name: str
    form: str
    steps: int
    opening: tuple[str, ...]
    parts: tuple[ToldPart, ...]
    shared: tuple[str, ...]

    def text(self) -> str:
        """In Unicode, for a terminal."""
        lines = ["\n".join(self.opening)]
        for part in self.parts:
            line = "=" * width(part.heading)
            lines += ["\n".join([line, part.heading, line, *part.sentences]), *part.written(narrative.text)]
        return "\n\n".join([*lines, *self.shared])

    def latex(self) -> str:
        """As display formulas, the sentences as comments."""
        lines = ["\n".join(f"% {line}" for line in self.opening)]
        for part in self.parts:
            lines += ["\n".join(f"% {line}" for line in (part.heading, *part.sentences)), *part.written(narrative.latex)]
        return "\n\n".join([*lines, *(f"% {line}" for line in self.shared)])

    def json(self) -> dict[str, Any]:
        """As plain data."""
        parts = [{
            "part": part.number, "heading": part.heading, "sentences": list(part.sentences),
            "results": [narrative.json(result, part.presentation) for result in part.results if not isinstance(result, Model)],
        } for part in self.parts]
        return {"schema": 1, "model": self.name, "T": self.steps, "form": self.form, "parts": parts, "shared": list(self.shared)}


def derivation(
    chain: Chain, T: int = 3, form: str = "sum", wrt: tuple[str, ...] | str | None = None, presentation: Presentation = ENGLISH,
    truncation: tuple[int, int] | None = None,
) -> Told:
    """The gradient over T steps of each part, from the last part to the first, with the gradients that each hands back.

    `truncation` (k1, k2) keeps of the sums of products of each part the terms of that scheme. Raises BadInput for an
    unknown form and for k1 > k2, UnknownName for an unknown variable.
    """
    if form not in FORMS:
        raise BadInput(f"expected one of the forms {', '.join(FORMS)}, not {form!r}")
    check_truncation(truncation)
    wanted = wanted_variables(chain, wrt)
    names = {v.name for v in wanted}
    parts = (_told(part, number, T, form, names, presentation, truncation)
        for number, part in reversed(list(enumerate(chain.parts, 1))))
    cut = () if truncation is None else (presentation.prose("composed.part.truncated", back=str(truncation[1])),)
    opening = tuple(map(said, (presentation.prose("composed.part.lines"), *cut)))
    both = tuple(map(said, shared(chain, presentation, wanted)))
    return Told(chain.name, form, T, opening, tuple(part for part in parts if part), both)


def _told(
    part: Part, number: int, T: int, form: str, names: set[str], presentation: Presentation, truncation: tuple[int, int] | None
) -> ToldPart | None:
    model, pairs = with_cotangents(part.model)
    asked = [v.name for v in model.with_gradient if v.name in names | part.linked]
    if not asked:
        return None
    own = (mirrored_presentation(presentation, T) if part.backward else presentation).about(model)
    sentences = tuple(map(said, (*links(part, own), *handed(pairs, model, own))))
    graph = replace(steps(model, T), truncation=truncation)
    return ToldPart(number, heading(part, number, own), sentences, tuple(_results(graph, form, asked)), own)


def _results(graph: UnrolledGraph, form: str, asked: list[str]) -> list[Any]:
    if form == "adjoint":
        system = derive.adjoints(graph)
        return [replace(system, gradients=tuple(g for g in system.gradients if g.variable.name in asked))]
    if form == "nested":
        return [derive.sensitivities(graph, wrt=name) for name in asked]
    return [graph.model, *(derive.gradient(graph, wrt=name) for name in asked)]


def shared(chain: Chain, presentation: Presentation, asked: Iterable[Variable]) -> list[Prose]:
    """Those of the variables whose gradient is the sum of those of several parts, as sentences."""
    by_parts: dict[tuple[int, ...], list[Tree]] = {}
    for variable in asked:
        readers = tuple(n for n, part in enumerate(chain.parts, 1)
                        if variable.name in {v.name for v in part.model.variables} - part.linked)
        if len(readers) > 1:
            model = chain.parts[readers[0] - 1].model
            by_parts.setdefault(readers, []).append(presentation.name(model[variable.name], model))
    comma = presentation.text("common.list.comma")
    return [presentation.prose("composed.part.both", names=presentation.listed(names), numbers=comma.join(map(str, readers)))
            for readers, names in by_parts.items()]

