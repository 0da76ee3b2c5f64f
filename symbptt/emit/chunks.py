"""A NumPy module that runs a recurrence in chunks: the loops are those of the chunk form, the contract that of one token."""

from __future__ import annotations

from typing import Any

from symbptt.checks import positive
from symbptt.chunk import Chunked, NoChunkForm, chunked
from symbptt.emit.arguments import argument_checks
from symbptt.emit.context import NEEDS
from symbptt.emit.fast.writer import FastWriter
from symbptt.emit.layout import handed_out, taken_in
from symbptt.emit.literals import docstring
from symbptt.emit.source_file import SourceFile, filled, wanted_variables
from symbptt.model.read import load
from symbptt.model.values import Model, Role, Variable
from symbptt.template import template

OF_TOKENS = ("loss_open", "loss_body", "loss_cotangents", "loss_direct", "reduction", "target_lines", "has_loss", "starts",
             "sizes_literal", "file_literal", "samples", "untied_lead", "buffer_lead", "class_lines")
"""What the template has from the model of one token."""


def chunk_source(model: Model | str, chunk: int, wrt: tuple[str, ...] | str | None = None) -> SourceFile:
    """A module with the contract of `source` that takes `chunk` tokens in one step of its loops.

    The outputs hold of a state its value after the last token, (N, ...), and so do cotangents.
    Raises NoChunkForm, a BadInput, for a model without a chunk form.
    """
    model, length = load(model), positive(chunk, "the chunk")
    chunks, wanted = chunked(model), wanted_variables(model, wrt)
    names = wrt if isinstance(wrt, str) or wrt is None else ",".join(wrt)
    recipe = f"symbptt emit {model.name} --chunk {length}" + (f" --wrt {names}" if names else "")
    core = FastWriter(chunks.model_without_loss, tuple(chunks.model[v.name] for v in wanted))
    values, token = filled(core, recipe), filled(writer := FastWriter(model, wanted), recipe)
    text = "\n".join([*token.get("loss_open", ()), token.get("loss_body", "")])
    helpers = {name for name in token["helpers"] if f"{name}(" in text}
    helpers |= {needed for name in helpers for needed in NEEDS.get(name, ())}
    kept = tuple(v for v in model.outputs if v.role is not Role.STATE)
    _check_loss(writer, model, kept)
    values |= {name: token[name] for name in OF_TOKENS if name in token}
    values |= argument_checks(model, "numpy") | _outside(chunks, wanted, kept) | {
        "title": docstring(model.title), "core": "_chunks", "final_states": True, "chunk": length, "check_steps": "CHUNK + 1",
        "helpers": sorted({*values["helpers"], *helpers}),
    }
    return SourceFile(f"{model.name}_chunk.py", template("numpy/chunk.py.jinja").render(**values), model)


def _outside(chunks: Chunked, wanted: tuple[Variable, ...], kept: tuple[Variable, ...]) -> dict[str, Any]:
    """The lines between tokens and chunks."""
    token = chunks.token
    inputs = token.of(Role.INPUT)
    return {
        "mask": chunks.mask, "first": inputs[0].name,
        "input_lines": [f'"{v.name}": _in_chunks({_given(v)}{"[..., 0]" * (v.shape == ("1",))}, length),' for v in inputs],
        "token_lines": [
            *(f'"{v.name}": {_given(v)}{taken_in(v)},' for v in inputs),
            *(f'"{v.name}": _in_tokens(chunks["{v.name}"], T){"[..., None]" * bool(v.rows == 1)},' for v in kept),
            *(f'"{s.name}": chunks["{s.name}"][-1],' for s in token.states),
        ],
        "output_lines": [f'"{v.name}": residuals["{v.name}"]{handed_out(v)}.copy(),' for v in (*kept, *token.states)],
        "outside_lines": [
            f'**({{"{v.name}": np.asarray(cotangents["{v.name}"]){taken_in(v)}}} if "{v.name}" in cotangents else {{}}),'
            for v in (*kept, *token.states)
        ],
        "narrow": repr(tuple(v.name for v in kept if v.rows == 1)),
        "chunk_gradients": [_gradient(v) for v in wanted],
    }


def _given(variable: Variable) -> str:
    return f'np.asarray(inputs["{variable.name}"])'


def _gradient(variable: Variable) -> str:
    found = f'gradients["{variable.name}"]'
    if variable.role is Role.INPUT:
        found = f"_in_tokens({found}, T)" + "[..., None]" * (variable.shape == ("1",))
    return f'"{variable.name}": {found},'


def _check_loss(writer: FastWriter, token: Model, kept: tuple[Variable, ...]) -> None:
    """Raises NoChunkForm where the loss reads a value of the cell that the chunks do not hand out."""
    for v in writer.loss_reads() if token.loss else ():
        if v not in kept:
            raise NoChunkForm(f"{token.name} has no chunk form: its loss reads {v.name}, which the chunks do not hand out")
