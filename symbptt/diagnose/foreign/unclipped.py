"""What somebody's function gives once its calls of clip are left out: whether clipping on the way is what is wrong."""

from __future__ import annotations

import ast
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import Finding, Suspect
from symbptt.diagnose.foreign.session import Attempt, Session
from symbptt.guard.text import plain

_NAMES = ("clip", "clamp")
_LIBRARIES = ("np", "numpy", "jnp", "torch")


class _Without(ast.NodeTransformer):
    """Puts what is clipped in the place of the call: of np.clip(a, -1, 1) and of a.clip(-1, 1) the array a remains."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        called = node.func
        if not isinstance(called, ast.Attribute) or called.attr not in _NAMES:
            return node
        of_library = isinstance(called.value, ast.Name) and called.value.id in _LIBRARIES
        if of_library and not node.args:
            return node
        self.lines.append(node.lineno)
        return node.args[0] if of_library else called.value


def clipping(session: Session) -> list[int]:
    """The lines of their file that clip."""
    found = _Without()
    found.visit(deepcopy(session.call.source.tree))
    return sorted(set(found.lines))


def unclipped(
    session: Session, best: Attempt, findings: tuple[Finding, ...], judge: Callable[[Attempt, Session], tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """The findings, those that no certain cause explains with what is found once the calls of clip are left out.

    `judge` gives the findings on an attempt. A gradient that comes out as before keeps its finding.
    """
    if not (lines := clipping(session)) or not any(_open(f) for f in findings):
        return findings
    found = {f.gradient: f for f in _judged(session, best, judge)}
    place = f"on the way, in line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"
    clip = Cause("clipped", words=(("how", place),))
    text = session.call.source.text.splitlines()[lines[0] - 1].strip()
    line = plain(f"{session.path.name}, line {lines[0]}: {text}")
    return tuple(_merged(f, found.get(f.gradient), clip, line) for f in findings)


def _open(finding: Finding) -> bool:
    return not finding.right and not finding.certain


def _judged(
    session: Session, best: Attempt, judge: Callable[[Attempt, Session], tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    """The findings on a copy of their file that clips nothing."""
    tree = _Without().visit(deepcopy(session.call.source.tree))
    with TemporaryDirectory() as folder:
        path = Path(folder) / session.path.name
        path.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
        other = Session(session.model, path, session.calls, session.table, session.limits)
        again = other.attempts([best.plan])
        return judge(again[0], other) if again and again[0].found.gradients else ()


def _merged(finding: Finding, without: Finding | None, clip: Cause, line: str) -> Finding:
    """A finding on what clips, and what else is wrong with it."""
    changed = without is not None and (without.right or without.error != finding.error)
    if without is None or not _open(finding) or not changed or _open(without):
        return finding
    return replace(finding, suspects=(Suspect(clip, True), *without.suspects), line=line)
