"""One contract over all tables of node types and functions: a missing entry fails by the name of the file that lacks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from symbptt import words
from symbptt.algebra import nodes
from symbptt.algebra.evaluate import operation
from symbptt.algebra.functions import FUNCTIONS
from symbptt.algebra.head_nodes import HEADS
from symbptt.algebra.nodes import ALGEBRA, CONSTANTS, DERIVED, LEAVES, NODE_TYPES, NONLINEAR, STRUCTURE, BatchMean, CrossEntropy
from symbptt.algebra.related import Adjoint
from symbptt.algebra.rows import rows
from symbptt.derive import rules
from symbptt.diagnose import linear
from symbptt.diagnose.formula import spelling
from symbptt.emit import lowering
from symbptt.program import lower
from symbptt.typeset import dispatch
from symbptt.verify import interpreter, scalar_nodes
from symbptt.verify.exact import entries

ROOT = Path(__file__).resolve().parents[1]
OPERATIONS = (*ALGEBRA, *NONLINEAR, *STRUCTURE)
BUILT = (*CONSTANTS, *OPERATIONS, *DERIVED)
READ = {*OPERATIONS, *HEADS}
"""What equations are made of."""

NODES: dict[str, tuple[Iterable[type], Iterable[type]]] = {
    "symbptt/algebra/evaluate.py": (operation.registry, {*BUILT, *HEADS}),
    "symbptt/algebra/rows.py": (rows.registry, {*NODE_TYPES, *HEADS}),
    "symbptt/derive/rules.py: local": (rules.local.registry, {*CONSTANTS, *READ}),
    "symbptt/derive/rules.py: RULE_NAMES": (rules.RULE_NAMES, READ),
    "symbptt/typeset/operations.py or functions.py": (dispatch.rule.registry, NODE_TYPES),
    "symbptt/emit/lowering.py": (lowering._TABLE, {*LEAVES, *BUILT, *HEADS} - {nodes.Diag}),
    "symbptt/program/lower.py": (lower.lower.registry, {*LEAVES, *BUILT}),
    "symbptt/diagnose/linear.py": (linear._RULES, {*ALGEBRA, *STRUCTURE, *HEADS, Adjoint, nodes.Diag}),
    # A mean over the samples, and the loss itself, are in no formula that anybody types.
    "symbptt/diagnose/formula/spelling.py": ({*spelling.spelt.registry, *spelling._RULES}, {*BUILT} - {BatchMean, CrossEntropy}),
    "symbptt/verify/interpreter.py": (interpreter._NODES, {*LEAVES, *CONSTANTS, *READ}),
    # Both write a model out sample by sample, and take the mean over samples apart before they look into the table.
    "symbptt/verify/scalar_nodes.py": (scalar_nodes.NODES, {*CONSTANTS, *READ} - {BatchMean}),
    "symbptt/verify/exact/entries.py": (entries._NODES, {*BUILT, *HEADS} - {BatchMean}),
}
"""The tables of node types: what each has, and what reaches it."""


def _missing() -> Iterator[str]:
    for file, (known, wanted) in NODES.items():
        covered = set(known) - {object}
        yield from (f"{file} lacks {kind.__name__}" for kind in wanted if not covered & set(kind.__mro__))
    for language in words.languages():
        said, names = words.table(language), rules.RULE_NAMES.values()
        yield from (f"templates/words/{language}/rules.toml lacks {name}" for name in names if f"rules.name.{name}" not in said)
    described = (ROOT / "docs" / "model-file.md").read_text(encoding="utf-8")
    for name in FUNCTIONS:
        for file, table in (("interpreter", interpreter._FUNCTIONS), ("scalar_nodes", scalar_nodes._FUNCTIONS)):
            if name not in table:
                yield f"symbptt/verify/{file}.py lacks {name}"
        if f"`{name}(" not in described:
            yield f"docs/model-file.md lacks {name}"


def test_every_table_covers_every_node_type_and_function_that_reaches_it() -> None:
    assert list(_missing()) == []


def test_a_missing_entry_is_told_by_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(interpreter._FUNCTIONS, "tanh")
    monkeypatch.delitem(scalar_nodes.NODES, nodes.Softmax)
    monkeypatch.setitem(rules.RULE_NAMES, nodes.Softmax, "another name")
    assert list(_missing()) == [
        "symbptt/verify/scalar_nodes.py lacks Softmax",
        *(f"templates/words/{language}/rules.toml lacks another name" for language in words.languages()),
        "symbptt/verify/interpreter.py lacks tanh",
    ]
