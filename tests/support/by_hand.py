"""An Elman network built by hand, so that no other stage is needed."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, CrossEntropy, Elementwise, HalfSquaredNorm
from symbptt.model.values import Equation, Loss, Model, Role, Variable

D, H, OUT = (sp.Symbol(name, integer=True, positive=True) for name in "DHO")


def vector(name: str, role: Role, size: sp.Symbol, **more: Any) -> Variable:
    return Variable(name, role, (size.name,), size, sp.S.One, **more)


def matrix(name: str, rows: sp.Symbol, columns: sp.Symbol, **more: Any) -> Variable:
    return Variable(name, Role.PARAMETER, (rows.name, columns.name), rows, columns, **more)


def elman(loss: str | None = "softmax_cross_entropy", at: str = "every", activation: str = "tanh", tied: bool = True) -> Model:
    x, h, y = vector("x", Role.INPUT, D), vector("h", Role.STATE, H), vector("y", Role.TARGET, OUT)
    W_xh, W_hh, W_ho = matrix("W_xh", H, D), matrix("W_hh", H, H, tied=tied), matrix("W_ho", OUT, H)
    b_h, b_o = vector("b_h", Role.PARAMETER, H), vector("b_o", Role.PARAMETER, OUT)
    a, o = vector("a", Role.LOCAL, H), vector("o", Role.LOCAL, OUT)
    L = Variable("L", Role.LOSS, (), sp.S.One, sp.S.One)
    cell = (
        Equation(a, tidy.add(tidy.mul(W_xh.at(), x.at()), tidy.mul(W_hh.at(), h.at(TIME - 1)), b_h.at()), 1),
        Equation(h, Elementwise(activation, a.at()), 2),
        Equation(o, tidy.add(tidy.mul(W_ho.at(), h.at()), b_o.at()), 3),
    )
    values = {
        "softmax_cross_entropy": CrossEntropy(o.at(), y.at()),
        "squared_error": HalfSquaredNorm(tidy.add(o.at(), tidy.scale(-1, y.at()))),
    }
    variables = (x, h, W_xh, W_hh, b_h, W_ho, b_o, y, a, o)
    if loss is None:
        return Model("elman", "Elman network", tuple(v for v in variables if v is not y), cell)
    return Model("elman", "Elman network", (*variables, L), cell, Loss(loss, (Equation(L, values[loss], 4),), at))
