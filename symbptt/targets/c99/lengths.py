"""The number of entries of an array, in products that do not overflow."""

import sympy as sp

from symbptt.targets.c99.interface import Interface


def length(interface: Interface, axes: tuple[sp.Expr, ...]) -> str:
    """In C, in terms of `sizes`; runtime/arrays.c has `times` and `plus`."""
    made = ""
    for axis in axes:
        if axis != 1:
            named = axis.xreplace({s: sp.Symbol(_whole(interface.size(s.name))) for s in axis.free_symbols})
            terms = [_term(*term.as_coeff_Mul()) for term in sp.Add.make_args(named)]
            text = terms[0]
            for term in terms[1:]:
                text = f"plus({text}, {term})"
            made = f"times({made}, {text})" if made else text
    return made or "1"


def _whole(text: str) -> str:
    return f"({text})" if " " in text else text


def _term(count: sp.Expr, rest: sp.Expr) -> str:
    if rest == 1:
        return str(count)
    return str(rest) if count == 1 else f"times({count}, {rest})"
