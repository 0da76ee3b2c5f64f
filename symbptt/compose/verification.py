"""Emitted code of composed models against routes that share no code with it, and the derivations of the parts with each other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from symbptt.checks import positive
from symbptt.checks import seed as whole_seed
from symbptt.compose import emission, read
from symbptt.compose.chain import Chain
from symbptt.compose.handed import through_parts
from symbptt.compose.referee import Point, drawn
from symbptt.compose.terms import sums
from symbptt.data.values import Array, Data
from symbptt.emit.c_files import About, about
from symbptt.emit.source_file import SourceFile, wanted_variables
from symbptt.model.dimensions import told_by_states
from symbptt.model.values import Model
from symbptt.targets.c99.interface import Interface
from symbptt.verify import chunk_form, compiled, complex_step, dot_product, finite_difference, forms, guarded
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.complex_step import STEP, TOLERANCE
from symbptt.verify.emitted import Emitted
from symbptt.verify.load import resolve
from symbptt.verify.objective import holds
from symbptt.verify.probe import Probes
from symbptt.verify.report import Check, Report

STEPS, SAMPLES = 5, 2
HELD = "the model states derivatives by stop_gradient: differences of its values are others, and are left out"


def gradients(
    subject: Chain | SourceFile | str | Path, *, dims: Mapping[str, int] | None = None, T: int | None = None,
    N: int | None = None, seed: int = 0,
) -> Report:
    """Verify the emitted gradients of a composed model on random data; T is 5 and N is 2 if left out.

    Those of a truncated file are compared with complex steps of the model whose parts are cut as its scheme says.

    Raises BadInput for sizes that make no sense, Disagreement if the code fails to run.
    """
    if not isinstance(subject, SourceFile):
        subject = emission.source(read.load(subject), wrt="all")
    return _report(resolve(subject), cast(Chain, subject.model), dims, T, N, seed, subject.truncation)


def in_chunks(
    chain: Chain | str, chunk: int, *, dims: Mapping[str, int] | None = None, T: int | None = None, N: int | None = None,
    seed: int = 0, backend: str = "numpy",
) -> Report:
    """Compare the code of a backend whose parts take chunks of tokens with that of single steps, as `verify.in_chunks` does.

    A phase whose steps have a name takes one step more than the last one, unless `dims` says otherwise.
    Raises NoChunkForm if no part has a chunk form.
    """
    chain = read.load(chain)
    made = emission.source(chain, backend, "all", chunk=chunk)
    by_chunk, by_step = resolve(made), resolve(emission.source(chain, wrt="all"))
    ends = {s.name: 0 if part.backward else -1 for part in chain.parts for s in part.model.states
            if s.name in by_chunk.module.FINAL}
    checks = list[Check]()
    for length in chunk_form.around(chunk, T):
        sizes = {part.steps: length + 1 for part in chain.parts if part.steps} | dict(dims or {})
        data = drawn(chain, sizes, length, positive(SAMPLES if N is None else N, "N"), whole_seed(seed)).data
        checks += chunk_form.compared(by_chunk, by_step, data, ends)
    return Report(f"{chain.name} in chunks of {chunk}", tuple(checks), ())


def file(
    path: Path | str, *, dims: Mapping[str, int] | None = None, T: int | None = None, N: int | None = None, seed: int = 0
) -> Report:
    """Verify a module that symbptt emitted of a composed model, from its file, which runs behind the guard."""
    place = str(path)
    text = Path(path).read_text(encoding="utf-8")
    if place.endswith(".c"):
        with compiled.opened(place, text, _in_c) as code:
            report = _report(code, cast(Chain, code.model), dims, T, N, seed, about(text, place).windows)
            return replace(report, notes=(*code.module.notes,))
    with guarded.opened(place, text) as opened:
        guarded.refuse_chunks(place, opened.chunk)
        chain = read.from_text(getattr(opened, "MODEL_FILE", ""), f"{place}, MODEL_FILE", str(opened.MODEL_NAME))
        code = Emitted(place, opened, chain)  # type: ignore[arg-type]
        report = _report(code, chain, dims, T, N, seed, tuple(opened.truncated) if opened.truncated else None)
    return replace(report, notes=(*report.notes, *opened.notes))


def _in_c(told: About, place: str) -> tuple[Model, Interface]:
    """The model of a file in C, and its program."""
    chain = read.from_text(told.file, place, told.name)
    named = emission.in_c(chain, wanted_variables(chain, told.wrt), told.windows)
    return named.model, named


def _report(
    code: Emitted, chain: Chain, dims: Mapping[str, int] | None, T: int | None, N: int | None, seed: int,
    truncation: tuple[int, int] | None = None,
) -> Report:
    seed = whole_seed(seed)
    point = drawn(chain, dims, positive(STEPS if T is None else T, "T"), positive(SAMPLES if N is None else N, "N"), seed)
    point = replace(point, truncation=truncation)
    with np.errstate(all="ignore"):
        found = list(_all(code, point, seed))
    checks = tuple(item for item in found if isinstance(item, Check))
    return Report(code.name, checks, tuple(item for item in found if isinstance(item, str)))


def _all(code: Emitted, point: Point, seed: int) -> Iterator[Check | str]:
    given = code.gradients(point.data)
    # The routes of `verify` that ask the code alone.
    case: Any = Case(code, SimpleNamespace(model=_Equations(point.chain)), point.data, given)  # type: ignore[arg-type]
    held = holds(case.graph.model)
    routes: list[Iterator[Check | str]] = [_forward(code, point), _complex_step(case, point), _weighted(code, point, seed)]
    if point.truncation is not None:
        routes += [_vjp(case, point), _terms(point, given)]
    else:
        routes += [
            complex_step.check_own(case, _rng(seed, 1)), iter((HELD,)) if held else finite_difference.check(case, _rng(seed, 2)),
            dot_product.check(case, _rng(seed, 3), lambda _, data: point.at(data).outputs()), _parts(point, given),
        ]
    for route in routes:
        started = process_time()
        for item in route:
            yield replace(item, seconds=process_time() - started) if isinstance(item, Check) else item
            started = process_time()


def _rng(seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, number])


class _Equations:
    """What a route asks of a model: its equations."""

    def __init__(self, chain: Chain) -> None:
        self.all_equations = tuple(e for part in chain.parts for e in part.model.all_equations)


def _forward(code: Emitted, point: Point) -> Iterator[Check]:
    needed = any({*told_by_states(part.model.variables)} - {part.model[n] for n in part.linked} for part in point.chain.parts)
    for name, data in (("forward", point.data), *((("forward, no states", _without_states(point)),) if not needed else ())):
        wanted = point.at(data).outputs()
        given, _ = code.forward(data, states=name == "forward")
        compare = Comparison(name, "emitted", "interpreter", 1e-12, Scale.of(wanted.values()))
        for output, array in wanted.items():
            yield compare.arrays(output, np.asarray(given[output]), array) if output in given else _missing(name, output)


def _missing(route: str, name: str) -> Check:
    return Check(route, name, float("inf"), 1e-12, f"{name} is no output of the code")


def _without_states(point: Point) -> Data:
    zero = {v.name: np.zeros_like(point.data.value(v)) for v in point.chain.given_states if v.initial is None}
    return replace(point.data, states=zero)


def slopes(point: Point, probe: Probes, of: Callable[[Point], Array] = Point.objective) -> Array:
    """The derivatives (E,) of the referee's objective, or another number of its, along the probes."""
    start, found = point.data.value(probe.variable), []
    for d in probe.chunks():
        value = of(point.at(point.data.having(probe.variable, start + 1j * STEP * d)))
        found.append(np.broadcast_to(value, (len(d),)).astype(complex))
    return np.concatenate(found).imag / STEP


def _complex_step(
    case: Case, point: Point, route: str = "complex step", of: Callable[[Point], Array] = Point.objective
) -> Iterator[Check]:
    made = case.probes(_rng(0, 4))
    measured = {name: slopes(point, probe, of) for name, probe in made.items()}
    compare = Comparison(route, "emitted", "complex step", TOLERANCE, Scale.of(measured.values()))
    for name, probe in made.items():
        yield compare.slopes(case.given[name], measured[name], probe)


def _weighted(code: Emitted, point: Point, seed: int) -> Iterator[Check]:
    """The same with a random mask and random weights of the steps."""
    if not code.takes_weights:
        return
    rng, T, N = _rng(seed, 5), point.T[-1], point.data.N
    mask = (rng.random((T, N)) < 0.7) * rng.uniform(0.5, 1.5, (T, N))
    data = replace(point.data, mask=mask, weights=rng.uniform(0.5, 1.5, T))
    case = Case(code, None, data, code.gradients(data))  # type: ignore[arg-type]
    yield from _complex_step(case, point.at(data), "complex step, mask")


def _vjp(case: Case, point: Point) -> Iterator[Check]:
    """`backward` for the cotangents of the data against the outputs, where these are not the objective."""
    if point.chain.loss is not None:
        pulled = replace(case, given=case.code.vjp(point.data))
        yield from _complex_step(pulled, point, "complex step, backward", Point.weighed)


def _terms(point: Point, given: Mapping[str, Array]) -> Iterator[Check]:
    """The sums of the terms that are kept against the code."""
    if point.chain.loss is not None:
        kept = sums(point)
        compare = Comparison("terms and code", "emitted", "sum of the terms kept", TOLERANCE, Scale.of(kept.values()))
        for name, gradient in given.items():
            yield compare.arrays(name, gradient, kept[name], point.chain[name])


def _parts(point: Point, given: Mapping[str, Array]) -> Iterator[Check | str]:
    """The derivation: the three forms of each part, and the recursions of all parts composed, against the code."""
    whole, parts = through_parts(point)
    for number, (graph, data) in zip(range(len(parts), 0, -1), parts, strict=True):
        code: Any = SimpleNamespace(has_loss=True)
        for item in forms.check(Case(code, graph, data, {}), _rng(0, 6)):
            yield replace(item, name=f"part {number}, {item.name}") if isinstance(item, Check) else f"part {number}: {item}"
    compare = Comparison("recursion and code", "emitted", "recursions of the parts", TOLERANCE, Scale.of(whole.values()))
    for name, gradient in given.items():
        yield compare.arrays(name, gradient, whole[name], point.chain[name])

