"""Exact checks of composed models: every part is proved with cotangents of its own for whatever it hands on."""

from collections.abc import Iterator
from dataclasses import replace

from symbptt.compose.chain import Chain
from symbptt.model.read import differentiable
from symbptt.verify.exact import proof
from symbptt.verify.report import Check, Report

JOINED = (
    "a part without a loss has every output times a cotangent, of any value and at every step: so is whatever later parts "
    "hand back; that what is handed back adds up is compared in numbers, without --exact"
)


def prove(chain: Chain, *, seed: int = 0) -> Report:
    """The exact checks of every part, as `symbptt.verify.prove` makes them, the last part first, as gradients are computed."""
    found = list(_all(chain, seed))
    checks = tuple(item for item in found if isinstance(item, Check))
    return Report(f"{chain.name}, exactly", checks, (*(item for item in found if isinstance(item, str)), JOINED))


def _all(chain: Chain, seed: int) -> Iterator[Check | str]:
    for number, part in reversed(list(enumerate(chain.parts, 1))):
        report = proof.prove(differentiable(part.model), seed=seed)
        yield from (replace(check, name=f"part {number}, {check.name}") for check in report.checks)
        yield from (f"part {number}: {note}" for note in report.notes)
