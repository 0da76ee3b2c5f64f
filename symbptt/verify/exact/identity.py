"""Equations between expressions with opaque functions, and the check that they hold."""

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from symbptt.verify.exact.arithmetic import Symbolic
from symbptt.verify.report import Check


@dataclass(frozen=True)
class Identity:
    """Two sides that are to be equal, and what they are about, such as dL/dW[0, 1]."""

    about: str
    given: sp.Expr
    wanted: sp.Expr


def proved(name: str, subject: str, identities: Iterable[Identity], arithmetic: Symbolic) -> Check:
    """A check whose error is the number of identities that fail; it names the first of them."""
    failed = [identity for identity in identities if not arithmetic.vanishes(identity.given - identity.wanted)]
    where = f"{failed[0].about}: {shortened(failed[0].given)} is not {shortened(failed[0].wanted)}" if failed else ""
    return Check(name, subject, float(len(failed)), 0.0, where)


def shortened(expression: object, length: int = 60) -> str:
    """The beginning of an expression's text."""
    text = str(expression)
    return text if len(text) <= length else text[: length - 3] + "..."
