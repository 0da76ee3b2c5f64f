"""Correct implementations in every layout that a mapping allows, written as Python files around emitted modules.

The text turns arrays with plain `transpose` and `reshape`, so it shares no code with `symbptt.diagnose.submission`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import symbptt

from . import corpus

AXES = ("TND", "NTD", "DNT", "NDT", "TDN", "DTN", "TD", "DT", "TD1", "T1D")
BIASES = ("H", "H1", "1H")
LOSSES = {"sum": "1", "mean": "T * N", "mean over time": "T", "mean over the batch": "N"}
PACKINGS = ("apart", "gates", "gates and [h, x]", "gates and [x, h]", "[h, x]", "[x, h]")
"""Which parameters are one array: none, those of all gates, or those that read h and x."""


@dataclass(frozen=True)
class Right:
    """A layout, and how the function is called and answers."""

    model: str
    axes: str
    row: bool
    bias: str
    packing: str
    order: tuple[int, ...]
    loss: str = "sum"
    answer: str = "tuple"
    one_hot: bool = False
    cotangents: bool = False
    said: tuple[str, ...] = ()
    """Keys of the layout that the mapping says; the others are left to guessing."""
    blocks: dict[str, list[list[str]]] = field(default_factory=dict, hash=False)

    def mapping(self) -> dict[str, Any]:
        """The mapping: the meaning of packed names, the loss, and what is not left to guessing."""
        whole = {"axes": self.axes, "layout": "row" if self.row else "column", "bias": self.bias}
        packed = {n: rows for n, rows in self.blocks.items() if sum(map(len, rows)) > 1}
        return {"names": packed, "loss": self.loss} | {key: whole[key] for key in self.said}

    def text(self) -> str:
        """The file."""
        model = symbptt.load(self.model)
        states = [s.name for s in model.states]
        plain = symbptt.emit.source(model, wrt="all", style="plain").text
        sources = ["x", *([f"d{states[0]}"] if self.cotangents else ["y"]), *(f"{s}0" for s in states), *self.blocks]
        lines = [plain, "", "", f"def gradients({', '.join(sources)}):", "    parameters = {}"]
        for name, rows in self.blocks.items():
            lines += self._taken_apart(name, rows)
        lines += [f'    inputs = {{"x": {self._ours("x", "TND")}}}', "    T, N = inputs['x'].shape[:2]"]
        lines += [f"    states = {{{', '.join(f'{s!r}: ' + self._ours(f'{s}0', 'ND') for s in states)}}}"]
        if self.cotangents:
            lines += ["    _, kept = forward(parameters, inputs, states)",
                      f"    found = backward(parameters, kept, {{'{states[0]}': {self._ours(f'd{states[0]}', 'TND')}}})"]
        else:
            target = self._ours("y", "TND") if self.one_hot else self._ours("y", "TN")
            lines += [f"    loss, found = value_and_grad(parameters, inputs, {{'y': {target}}}, states)"]
        lines += [f"    found = {{n: g / ({LOSSES[self.loss]}) for n, g in found.items()}}"]
        results = {f"d{n}": self._put_together(rows) for n, rows in self.blocks.items()}
        results |= {"dx": self._theirs("found['x']", "TND")} | {f"d{s}0": self._theirs(f"found['{s}']", "ND") for s in states}
        lines += [f"    {name} = {value}" for name, value in results.items()]
        lead = "" if self.cotangents else f"loss / ({LOSSES[self.loss]}), "
        answer = {"tuple": f"{lead}{', '.join(results)}", "dict": "{" + ", ".join(f"'{r}': {r}" for r in results) + "}"}
        return "\n".join([*lines, f"    return {answer[self.answer]}", ""])

    def _ours(self, name: str, letters: str) -> str:
        """Their array as (T, N, D), or without the axes that it does not have."""
        axes = [a for a in self.axes if a in letters or (a == "1" and "D" in letters)]
        text = name
        if "1" in axes:
            text = f"np.squeeze({name}, {axes.index('1')})"
            axes.remove("1")
        kept = [a for a in letters if a in axes]
        text = f"{text}.transpose({[axes.index(a) for a in kept]})" if len(axes) > 1 else text
        for place, letter in enumerate(letters):
            if letter not in kept:
                text = f"np.expand_dims({text}, {place})"
        return text

    def _theirs(self, name: str, letters: str) -> str:
        """Our array in their layout."""
        axes = [a for a in self.axes if a in letters or a == "1"]
        text, kept = name, list(letters)
        for letter in letters:
            if letter not in axes:
                text = f"{text}.take(0, {kept.index(letter)})"
                kept.remove(letter)
        order = [kept.index(a) for a in axes if a != "1"]
        text = f"{text}.transpose({order})" if len(order) > 1 else text
        return f"np.expand_dims({text}, {axes.index('1')})" if "1" in axes else text

    def _taken_apart(self, name: str, rows: list[list[str]]) -> Iterator[str]:
        vector = rows[0][0].startswith("b")
        yield f"    whole = {f'np.ravel({name})' if vector else f'{name}.T' if self.row else name}"
        sizes = {n: _size(self.model, n) for row in rows for n in row}
        top = 0
        for row in rows:
            left = 0
            for n in row:
                high = sizes[n][0]
                columns = "" if vector else f", {left}:{left + sizes[n][1]}"
                yield f"    parameters[{n!r}] = whole[{top}:{top + high}{columns}].copy()"
                left += 0 if vector else sizes[n][1]
            top += sizes[row[0]][0]

    def _put_together(self, rows: list[list[str]]) -> str:
        if rows[0][0].startswith("b"):
            whole = "np.concatenate([" + ", ".join(f"found[{n!r}]" for row in rows for n in row) + "])"
            return {"H": whole, "H1": f"{whole}[:, None]", "1H": f"{whole}[None, :]"}[self.bias]
        whole = "np.block([" + ", ".join("[" + ", ".join(f"found[{n!r}]" for n in row) + "]" for row in rows) + "])"
        return f"{whole}.T" if self.row else whole


SIZE = {"D": 3, "H": 4, "O": 5}
"""The sizes that a diagnosis draws."""


def _size(model: str, name: str) -> list[int]:
    return [SIZE[d] for d in symbptt.load(model)[name].shape]


def _blocks(model: str, packing: str, order: tuple[int, ...]) -> dict[str, list[list[str]]]:
    """Their arrays, each with the parameters in it, in rows of blocks."""
    variables = [v.name for v in symbptt.load(model).parameters]
    by_x = [n for n in variables if n.startswith("W_x")]
    by_h = [n for n in variables if n.startswith("W_h") and n != "W_ho"]
    biases = [n for n in variables if n.startswith("b_") and n != "b_o"]
    by_x, by_h, biases = ([names[i] for i in order] for names in (by_x, by_h, biases))
    rest = {n: [[n]] for n in variables if n in ("W_ho", "b_o")}
    rows = [[h, x] if "h, x" in packing else [x, h] for h, x in zip(by_h, by_x, strict=True)]
    if packing == "apart":
        return {n: [[n]] for n in (*by_x, *by_h, *biases)} | rest
    if packing == "gates":
        return {"Wx": [[n] for n in by_x], "Wh": [[n] for n in by_h], "b": [[n] for n in biases]} | rest
    if packing.startswith("gates and"):
        return {"W": rows, "b": [[n] for n in biases]} | rest
    return {f"K{i}": [row] for i, row in enumerate(rows)} | {n: [[n]] for n in biases} | rest


def drawn(count: int, seed: int = 0) -> Iterator[Right]:
    """Layouts at random, every axis order, packing and model as likely as any other."""
    random = Random(seed)
    for i in range(count):
        model = corpus.MODELS[i % len(corpus.MODELS)]
        gates = {"elman": 1, "lstm": 4, "gru": 3}[model]
        order = tuple(random.sample(range(gates), gates))
        packing, cotangents = random.choice(PACKINGS), random.random() < 0.3
        loss = "sum" if cotangents else random.choice([*LOSSES])
        yield Right(
            model, random.choice(AXES), random.random() < 0.5, random.choice(BIASES), packing, order, loss,
            random.choice(("tuple", "dict")), random.random() < 0.5, cotangents,
            tuple(k for k in ("axes", "layout", "bias") if random.random() < 0.4), _blocks(model, packing, order),
        )
