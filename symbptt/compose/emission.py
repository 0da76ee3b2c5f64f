"""One module for all parts: each part's emitted code, and the functions of the contract that call them in a row.

Forward in the order of the parts, backward in the other: the gradients of what a part reads from earlier ones are cotangents
there. A part in the backward direction is given its arrays from the last step to the first.
"""

from collections.abc import Mapping
from typing import Any, cast

from symbptt import emit, typeset
from symbptt.compose.chain import Chain, How, Link, Part, check_truncation
from symbptt.compose.chunks import in_chunks
from symbptt.compose.merged_modules import Module, merged
from symbptt.compose.program import program
from symbptt.compose.whole import whole
from symbptt.data.arrays import leading_axes
from symbptt.data.classes import class_targets
from symbptt.emit import c_files
from symbptt.emit import checkpoint as checkpoints
from symbptt.emit.arguments import AS_ARRAY
from symbptt.emit.context import drawn_sizes
from symbptt.emit.literals import docstring, file_literal, literal, shapes
from symbptt.emit.source_file import SourceFile, wanted_variables
from symbptt.emit.truncated import kept, truncated
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Model, Role, Variable
from symbptt.targets.c99.interface import Interface
from symbptt.targets.target import Request
from symbptt.template import template
from symbptt.version import VERSION

BACKENDS = (*AS_ARRAY, "c")
PUBLIC = ("PARAMETERS", "BUFFERS", "INPUTS", "STATES", "TARGETS", "WRT", "PER_STEP", "forward", "backward", "value_and_grad",
          "run", "loss", "self_check")
"""What a part and the whole are called alike."""
ROOTS = {"numpy": ("forward", "backward"), "jax": ("forward", "backward"), "torch": ("forward", "backward", "run")}
CHECK_STEPS = 4
IN_SEGMENTS = "value_and_grad_in_segments"
WITH_LOSS = {"numpy": ("value_and_grad",), "jax": ("value_and_grad", "loss"), "torch": ("value_and_grad", "loss")}


def source(
    chain: Chain, backend: str = "numpy", wrt: tuple[str, ...] | str | None = None, style: str | None = None,
    python: bool = False, stem: str | None = None, static: Mapping[str, int] | None = None,
    truncation: tuple[int, int] | None = None, checkpoint: bool = False, chunk: int | None = None,
) -> SourceFile:
    """Emit a module with forward, backward and, if the model has a loss, value_and_grad, by the contract of `symbptt.emit`.

    With "c" there is a header beside the file and, with `python`, a module that calls it; `stem` is what they are called;
    `static` fixes all sizes, the steps of each phase included. `truncation` (k1, k2) truncates every part by itself, and
    `checkpoint` adds a function that runs segments of each part again instead of storing every step. With `chunk` each part that
    has a chunk form takes so many tokens in one step; outputs hold of its states the value behind its last step, (N, ...).
    Raises BadInput for sizes that do not fit and where no part has a chunk form, UnknownName for an unknown backend or name.
    """
    long = truncated(*truncation).options if truncation else checkpoints.OPTION.strip() * checkpoint
    check_long(chain, backend, truncation, checkpoint)
    if backend == "c":
        if style is not None:
            raise BadInput("C comes as loops in one style; there is no --style for it")
        return _in_c(chain, wrt, python, stem, static, truncation)
    if static:
        raise BadInput(f"fixed sizes are for C; {backend} has none to fix")
    if python:
        raise BadInput(f"{backend} is Python already; a module that calls it goes with C (--backend c)")
    if backend not in BACKENDS:
        raise UnknownName("backend", backend, BACKENDS)
    wanted = wanted_variables(chain, wrt)
    made, chunks = dict[int, SourceFile](), None
    if chunk is not None:
        if truncation or checkpoint or style:
            raise BadInput("chunks of tokens go without a style, truncation and checkpoints")
        chunks = in_chunks(chain, lambda part: emit.chunk_source(part.model, chunk, _wrt(chain, part, wanted, False), backend))
        chain, made, long = chunks.chain, chunks.made, f"--chunk {chunk}"
    modules = [
        Module((made.get(number) or emit.source(
            part.model, backend=backend, wrt=_wrt(chain, part, wanted, checkpoint), style=style, truncation=truncation,
            checkpoint=checkpoint and part.model.loss is not None)).text)
        for number, part in enumerate(chain.parts, 1)
    ]
    with_loss = (*WITH_LOSS[backend], *(IN_SEGMENTS,) * checkpoint)
    roots = [(*ROOTS[backend], *(with_loss if part.model.loss else ())) for part in chain.parts]
    recipe = " ".join((_recipe(chain, backend, wrt), long)).strip()
    values = _values(chain, backend, wanted, recipe, truncation, chunk, chunks.final if chunks else ())
    text = template("compose/module.py.jinja").render(
        values, checkpoint=checkpoint, in_chunks=sorted(made), linked=merged(modules, roots, PUBLIC, ("CHUNK",) if chunk else ()))
    suffix = truncated(*truncation).suffix if truncation else "_chunk" * (chunk is not None)
    return SourceFile(f"{chain.name}_{backend}{suffix}.py", text, cast(Model, chain), truncation=truncation)


def check_long(chain: Chain, backend: str, truncation: tuple[int, int] | None, checkpoint: bool) -> None:
    """Raises BadInput for what long sequences of composed models have not."""
    if checkpoint:
        checkpoints.check(chain, truncation is None)  # type: ignore[arg-type]
    check_truncation(truncation)
    if backend == "c" and checkpoint:
        raise BadInput("of models with two directions or phases, checkpoints are for NumPy, JAX and PyTorch")


def _in_c(
    chain: Chain, wrt: tuple[str, ...] | str | None, python: bool, stem: str | None, static: Mapping[str, int] | None,
    truncation: tuple[int, int] | None,
) -> SourceFile:
    """The files in C."""
    wanted = wanted_variables(chain, wrt)
    sizes = tuple((static or {}).items())
    recipe = _recipe(chain, "c", wrt) + " --python" * python
    recipe += f" --static {','.join(f'{name}={size}' for name, size in sizes)}" if sizes else ""
    variant = truncated(*truncation) if truncation else None
    recipe += f" {variant.options}" if variant else ""
    named = in_c(chain, wanted, truncation)
    stem = stem or chain.name + (variant.suffix if variant else "")
    request = Request(named.model, wanted, recipe, stem, python=python, sizes=sizes, truncation=truncation)
    (path, text), *others = c_files.files(request, named)
    return SourceFile(path, text, cast(Model, chain), tuple(others), truncation=truncation)


def in_c(chain: Chain, wanted: tuple[Variable, ...], truncation: tuple[int, int] | None = None) -> Interface:
    """The program of all parts, with its names in C."""
    made = whole(chain)
    lines = [line for number, part in enumerate(chain.parts, 1) for line in _told(number, part)]
    return Interface(program(made, wanted, truncation), made.steps, lines, windows=truncation)


def _wrt(chain: Chain, part: Part, wanted: tuple[Variable, ...], checkpoint: bool) -> tuple[str, ...]:
    """What a part's code returns: what is wanted of it, and the gradients that it hands back, to its own segments included."""
    names = {v.name for v in (*wanted, *(part.model.states if checkpoint else ()))}
    return tuple(v.name for v in part.model.with_gradient if v.name in names | part.linked)


def _recipe(chain: Chain, backend: str, wrt: tuple[str, ...] | str | None) -> str:
    """The command that makes a file."""
    names = wrt if isinstance(wrt, str) or wrt is None else ",".join(wrt)
    recipe = f"symbptt emit {chain.name}{' ' if chain.options else ''}{chain.options}"
    return recipe + f" --backend {backend}" * (backend != "numpy") + (f" --wrt {names}" if names else "")


def _values(
    chain: Chain, backend: str, wanted: tuple[Variable, ...], recipe: str, truncation: tuple[int, int] | None,
    chunk: int | None, final: tuple[str, ...],
) -> dict[str, Any]:
    every, back = truncation or (1, CHECK_STEPS)
    check_steps = min(CHECK_STEPS, back // every * every) if chunk is None else chunk + 1  # so many steps lose no term
    size = drawn_sizes(chain)  # type: ignore[arg-type]
    counted = {part.steps for part in chain.parts if part.steps in size}
    size |= {steps: check_steps if chunk else min(size[steps], check_steps) for steps in counted if chunk or truncation}
    classes = [v for part in chain.parts for v in part.model.of(Role.INPUT) if v.classes]
    lasts = {link.source for part in chain.parts for link in part.links if link.how is How.FINAL} - {*final}
    targets = {name: part.model[name] for part in chain.parts for name in class_targets(part.model) if part.model[name].shape}
    return {
        "truncation": truncation, "kept": kept(every, back), "check_steps": check_steps,
        "backend": backend, "name": chain.name, "title": docstring(chain.title), "version": VERSION, "recipe": docstring(recipe),
        "equations": [line for number, part in enumerate(chain.parts, 1) for line in _told(number, part)],
        "has_loss": chain.loss is not None, "mean": chain.loss is not None and chain.loss.reduction == "mean",
        "parts": [_part(chain, number, part, wanted, final) for number, part in enumerate(chain.parts, 1)],
        "chunk": chunk, "final_states": literal(final),
        "wrt": literal(tuple(v.name for v in wanted)),
        "parameters": shapes(chain.of(Role.PARAMETER)), "buffers": shapes(chain.of(Role.BUFFER)),
        "inputs": shapes(chain.of(Role.INPUT)), "states": shapes(chain.given_states), "targets": shapes(chain.of(Role.TARGET)),
        "outputs": shapes(chain.outputs), "output_names": literal(tuple(v.name for v in chain.outputs)),
        "untied": literal(tuple(v.name for v in chain.of(Role.PARAMETER, Role.BUFFER) if v.timed)),
        "states_started": literal(tuple(v.name for v in chain.given_states if v.initial)),
        "class_inputs": {v.name: v.shape[0] for v in classes},
        "class_targets": {name: v.shape[0] for name, v in targets.items()},
        "size": repr(size), "name_literal": repr(chain.name), "file_literal": file_literal(chain.text),
        "handed": literal(tuple(sorted(lasts))),
        "memory": any(link.how is How.MEMORY for part in chain.parts for link in part.links),
        "final": bool(lasts), "steps": _lengths(chain),
        "mask": chain.loss.mask if chain.loss else None,
        "reduced": "averaged" if chain.loss is not None and chain.loss.reduction == "mean" else "summed",
    }


def heading(number: int, part: Part) -> str:
    """What a part computes, in which direction."""
    shown = ", ".join(v.name for v in part.model.states) or ", ".join(v.name for v in part.model.outputs)
    way = "from the last step to the first" if part.backward else "from the first step to the last" if part.model.states else ""
    return f"part {number}: {shown}" + f", {way}" * bool(way)


def _told(number: int, part: Part) -> list[str]:
    shown = [e for e in part.model.all_equations if e.target.definition is None]
    text = typeset.text
    lines = [f"{text(e.target.at(), part.model)} = {text(e.value, part.model)}" for e in shown]
    counted_back = ", t counted from the last step" * part.backward
    return [heading(number, part) + counted_back, *(f"    {docstring(line)}" for line in lines)]


def _part(
    chain: Chain, number: int, part: Part, wanted: tuple[Variable, ...], final: tuple[str, ...]
) -> dict[str, Any]:
    """What the template needs to know of a part."""
    model, names = part.model, {v.name for v in wanted}
    given = (*model.parameters, *model.buffers)
    outer = [v.name for v in model.of(Role.INPUT) if v.name not in part.linked]
    outputs = tuple(v.name for v in model.outputs)
    grads = [v for v in model.with_gradient if v.name in names and v.name not in part.linked]
    return {
        "number": number, "heading": heading(number, part), "backward": part.backward,
        "tied": literal(tuple(v.name for v in given if not v.timed)), "untied": literal(tuple(v.name for v in given if v.timed)),
        "input_names": literal(tuple(outer)), "states": literal(tuple(s.name for s in model.states if s.name not in part.linked)),
        "links": [_link(chain, link, names, final) for link in part.links], "clock": _clock(chain, part),
        "outputs": literal(outputs),
        "steps": [v.name for v in grads if "T" in leading_axes(v)],
        "whole": [v.name for v in grads if "T" not in leading_axes(v)],
        "handed": literal(tuple(n for n in outputs if n in {link.source for p in chain.parts for link in p.links})),
        "carried": literal(tuple(s.name for s in model.states)),
        "by_step": literal(tuple(v.name for v in (*model.of(Role.INPUT), *given) if v.timed)),
    }


def _clock(chain: Chain, part: Part) -> str:
    """An input of the part's phase, which tells the number of its steps; empty if there is none."""
    phase = (p for p in chain.parts if p.phase == part.phase)
    return next((v.name for p in phase for v in p.model.of(Role.INPUT) if v.name not in p.linked), "")


def _lengths(chain: Chain) -> str:
    """The lengths of what has a value for each step of a phase that another one reads, as a literal in terms of `size`."""
    counted = ((v, part) for part in chain.parts if part.steps in chain.dimensions
               for v in part.model.of(Role.PARAMETER, Role.BUFFER, Role.INPUT))
    found = {v.name: part.steps for v, part in counted if v.name not in part.linked and "T" in leading_axes(v)}
    return "{" + ", ".join(f'"{name}": size["{steps}"]' for name, steps in found.items()) + "}"


def _link(chain: Chain, link: Link, wanted: set[str], final: tuple[str, ...]) -> dict[str, Any]:
    inside = link.source in {v.name for v in chain.origin(link).model.outputs}
    return {"name": link.name, "source": link.source, "how": str(link.how), "inside": inside,
            "wanted": link.source in wanted, "end": None if link.source in final else chain.end(link)}
