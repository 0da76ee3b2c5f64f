"""A module that runs a recurrence in chunks: the loops are those of the chunk form, the contract that of one token."""

from collections.abc import Callable, Mapping
from typing import Any

from symbptt.checks import positive
from symbptt.chunk import Chunked, NoChunkForm, chunked
from symbptt.chunk.scan import is_scan
from symbptt.derive.pullback import loss_pullback
from symbptt.emit import blocks, c_files
from symbptt.emit.arguments import of_model
from symbptt.emit.chunks_in_c import interface
from symbptt.emit.fast.writer import PASSES, FastWriter
from symbptt.emit.frameworks import module
from symbptt.emit.frameworks.libraries import LIBRARIES
from symbptt.emit.frameworks.long import Long
from symbptt.emit.layout import handed, handed_out, residual, taken
from symbptt.emit.literals import literal
from symbptt.emit.module_text import rendered
from symbptt.emit.plan.repeats import repeats
from symbptt.emit.plan.statements import Plan
from symbptt.emit.recipe import command
from symbptt.emit.source_file import SourceFile, check_python, filled, wanted_variables
from symbptt.emit.targets import C as TARGET
from symbptt.errors import UnknownName
from symbptt.model.read import load
from symbptt.model.values import Model, Role, Variable
from symbptt.targets.target import PYTHON, Request

BACKENDS = ("numpy", *LIBRARIES, TARGET.name)
OF_TOKENS = ("loss_open", "loss_body", "loss_cotangents", "direct_lines", "target_lines", "sizes_literal", "samples",
             "untied_lead", "buffer_lead", "class_lines")
"""What the template has from the model of one token."""


def chunk_source(
    model: Model | str, chunk: int, wrt: tuple[str, ...] | str | None = None, backend: str = "numpy", python: bool = False,
    stem: str | None = None,
) -> SourceFile:
    """A module with the contract of `source` that takes `chunk` tokens in one step of its loops; in NumPy, JAX, PyTorch or C.

    The outputs hold of a state its value after the last token, (N, ...), and so do cotangents. With "c" there is a header beside
    the file and, with `python`, a module that calls it; `stem` is what they are called.
    Raises NoChunkForm, a BadInput, for a model without a chunk form, UnknownName for a backend that it is not written for.
    """
    model, length = load(model), positive(chunk, "the chunk")
    if backend not in BACKENDS:
        raise UnknownName("backend of chunk forms", backend, BACKENDS)
    check_python(python, backend)
    wanted, recipe = wanted_variables(model, wrt), command(model, None, False, wrt, backend * (backend != "numpy"), length)
    try:
        chunks = chunked(model)
    except NoChunkForm:
        if backend != "numpy" or not is_scan(model):
            raise
        return _in_blocks(model, wanted, recipe, length)
    _check_loss(model)
    if backend == TARGET.name:
        request = Request(model, wanted, recipe + f" {PYTHON}" * python, stem or f"{model.name}_chunk", python=python)
        made, *others = c_files.files(request, interface(chunks, wanted, length))
        return SourceFile(*made, model, tuple(others))
    values = _numpy(chunks, wanted, recipe) if backend == "numpy" else _framework(chunks, wanted, recipe, backend, length)
    values |= {"core": "_chunks", "mask": chunks.mask, "narrow": literal(tuple(v.name for v in _kept(model) if v.rows == 1))}
    values |= _frame(model, length)
    suffix = f"_{backend}" if backend in LIBRARIES else ""
    moved = any(v.heads is not None for v in (*_kept(model), *model.of(Role.INPUT)))
    values |= {"axis": "axis", "behind": ", axis=2", "about_axis": " The tokens get that axis."} if moved else {
        "axis": "2", "behind": "", "about_axis": ""}
    text = rendered(f"{backend}/chunk.py.jinja", backend, values)
    return SourceFile(f"{model.name}_chunk{suffix}.py", text, model)


def _in_blocks(model: Model, wanted: tuple[Variable, ...], recipe: str, length: int) -> SourceFile:
    """The module of a recurrence of single entries."""
    _check_loss(model)
    values = blocks.values(model, wanted, recipe) | _of_tokens_alone(model, wanted, recipe) | _frame(model, length)
    values |= {"output_lines": _output_lines(model), "outside_lines": _outside_lines(model)}
    return SourceFile(f"{model.name}_chunk.py", rendered("numpy/blocks.py.jinja", "numpy", values), model)


def _frame(model: Model, length: int) -> dict[str, Any]:
    """What every module in chunks says of itself."""
    return {"chunk": length, "check_steps": "CHUNK + 1", "first": model.of(Role.INPUT)[0].name}


def _kept(token: Model) -> tuple[Variable, ...]:
    """The outputs that every token has."""
    return tuple(v for v in token.outputs if v.role is not Role.STATE)


def _check_loss(token: Model) -> None:
    """Raises NoChunkForm where the loss reads a value of the cell that the chunks do not hand out."""
    read = {leaf.name for leaf in loss_pullback(token).leaves} if token.loss else set()
    missing = [e.target.name for e in token.equations if e.target.name in read and e.target not in _kept(token)]
    if missing:
        raise NoChunkForm(f"{token.name} has no chunk form: its loss reads {missing[0]}, which the chunks do not hand out")


# ---------------------------------------------------------------- NumPy


class ChunkWriter(FastWriter):
    """The fast style for a step that takes a chunk of tokens, with matrices where a token has vectors."""

    passes: Mapping[str, Callable[[Plan], Plan]] = {"repeats": repeats, **PASSES}


def _numpy(chunks: Chunked, wanted: tuple[Variable, ...], recipe: str) -> dict[str, Any]:
    """The values of `templates/numpy/chunk.py.jinja`."""
    model = chunks.token
    passed_on = (*wanted, *(s for s in model.states if s not in wanted))
    core = ChunkWriter(chunks.model_without_loss, tuple(chunks.model[v.name] for v in passed_on))
    values = filled(core, recipe) | _of_tokens_alone(model, wanted, recipe)
    return values | of_model(model, "numpy") | _outside(chunks, wanted)


def _of_tokens_alone(model: Model, wanted: tuple[Variable, ...], recipe: str) -> dict[str, Any]:
    token = filled(FastWriter(model, wanted), recipe)
    return {name: token[name] for name in OF_TOKENS if name in token}


def _output_lines(token: Model) -> list[str]:
    return [f'"{v.name}": {residual(token, v)}.copy(),' for v in (*_kept(token), *token.states)]


def _outside_lines(token: Model) -> list[str]:
    """The cotangents that were given, as arrays inside."""
    return [
        f'**({{"{v.name}": {taken(v, outside)}}} if "{v.name}" in cotangents else {{}}),'
        for v in (*_kept(token), *token.states) for outside in (f'np.asarray(cotangents["{v.name}"])',)
    ]


def _outside(chunks: Chunked, wanted: tuple[Variable, ...]) -> dict[str, Any]:
    """The lines between tokens and chunks."""
    token = chunks.token
    kept, inputs = _kept(token), token.of(Role.INPUT)
    sizes = [f'blocks[0][1]["_sizes"][{chunks.model.dimensions.index(name)}]' for name in token.dimensions]
    heads = f'residuals["_sizes"][{token.dimensions.index(str(token.heads))}]' if token.heads is not None else ""
    return {
        "token_sizes": f"({', '.join(sizes)},)" if heads else "",
        "head_cotangents": _head_cotangents(token, heads, "length, "),
        "input_lines": [
            f'"{v.name}": _in_chunks({_given(v)}[tokens]{"[..., 0]" * (v.shape == ("1",))}, length{_place(v)}),' for v in inputs
        ],
        "state_lines": [f'"{s.name}": {residual(chunks.model, s, "[-1]", "block")},' for s in token.states],
        "behind_lines": [f'"{s.name}": {taken(s, _found(s))},' for s in token.states],
        "names": literal(tuple(v.name for v in wanted if v.role is not Role.STATE)),
        "token_lines": [
            *(f'"{v.name}": {taken(v, _given(v))},' for v in inputs),
            *(f'"{v.name}": {_of_tokens(chunks, v)},' for v in kept),
            *(f'"{s.name}": blocks[-1][1]["{s.name}"][-1],' for s in token.states),
        ],
        "output_lines": _output_lines(token),
        "outside_lines": _outside_lines(token),
        "chunk_gradients": [_gradient(v) for v in wanted],
    }


def _given(variable: Variable) -> str:
    return f'np.asarray(inputs["{variable.name}"])'


def _found(variable: Variable) -> str:
    """The gradient of a block."""
    return f'found["{variable.name}"]'


def _of_tokens(chunks: Chunked, variable: Variable) -> str:
    """The values of all tokens as the loss reads them."""
    block = residual(chunks.model, chunks.model[variable.name], residuals="block")
    tokens = f"_in_tokens([{block} for _, block in blocks], T{_place(variable)})"
    return taken(variable, tokens) if variable.heads is not None else tokens + "[..., None]" * bool(variable.rows == 1)


def _place(variable: Variable) -> str:
    """Where the tokens of a chunk have their axis, if it is not the first one behind the samples."""
    return "" if variable.heads is None else ", axis=3"


def _head_cotangents(token: Model, heads: str, length: str = "") -> list[tuple[str, str]]:
    """The cotangents of what each head has of its own, in chunks; `heads` is the text of their number."""
    made = []
    for v in (v for v in _kept(token) if v.heads is not None):
        whole = handed(v, "array", heads.format(v.name))
        made.append((v.name, f"_merge_heads(_in_chunks({whole}, {length}real=True, axis=3), {len(v.shape) + 1})"))
    return made


def _gradient(variable: Variable) -> str:
    text = f'parts["{variable.name}"]'
    if variable.role is Role.STATE:
        text = _found(variable)
    elif variable.role is Role.INPUT:
        text = f"_in_tokens({text}, T{_place(variable)})" + "[..., None]" * (variable.shape == ("1",))
    else:
        text = f"sum({text})"
    return f'"{variable.name}": {text},'


# ---------------------------------------------------------------- JAX and PyTorch


def _framework(chunks: Chunked, wanted: tuple[Variable, ...], recipe: str, backend: str, length: int) -> dict[str, Any]:
    """The values of `templates/jax/chunk.py.jinja` or `templates/torch/chunk.py.jinja`."""
    token, kept = chunks.token, _kept(chunks.token)
    values = module.context(token, backend, wanted, recipe, Long(chunk=length), core=chunks.model_without_loss)
    results = (*kept, *token.states)
    of_heads = tuple(v.name for v in token.of(Role.INPUT) if v.heads is not None)
    return values | {
        "token_lines": [
            *(
                f'values["{v.name}"] = _in_tokens(chunks["{v.name}"], T{_place(v)}){"[..., None]" * bool(v.rows == 1)}'
                for v in kept
            ),
            *(f'values["{s.name}"] = chunks["{s.name}"][-1]' for s in token.states),
        ],
        "outputs": [(v.name, f'values["{v.name}"]{handed_out(v)}') for v in results],
        "output_tuple": literal(tuple(v.name for v in results)),
        "place": f", axis=3 if name in {literal(of_heads)} else 2" if of_heads else "",
        "head_cotangents": _head_cotangents(token, 'values["{}"].shape[2]'),
        "narrow_inputs": tuple(v.name for v in token.of(Role.INPUT) if v.shape == ("1",)),
        "needed": tuple(f"{name} in chunks" for name in values["needed"]),
    }
