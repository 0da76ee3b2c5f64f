"""What somebody's function gives once its calls of clip are left out: whether clipping on the way is what is wrong."""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import Finding, Suspect
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.guard.text import plain

_NAMES = ("clip", "clamp")
_LIBRARIES = ("np", "numpy", "jnp", "torch")
Judge = Callable[[Attempt, Session], tuple[Finding, ...]]
"""What gives the findings on an attempt."""


class _Without(ast.NodeTransformer):
    """A file without its calls of clip: of np.clip(a, -1, 1) and of a.clip(-1, 1) the array a remains."""

    def __init__(self, session: Session) -> None:
        self.name = plain(session.path.name)
        self.lines: list[int] = []
        self.tree: ast.Module = self.visit(deepcopy(session.call.source.tree))

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

    @property
    def where(self) -> str:
        """The lines that clip."""
        lines = sorted(set(self.lines))
        return f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"


def about_bounds(session: Session) -> Iterator[str]:
    """What is said of clipping in a file whose gradients are right."""
    if (found := _Without(session)).lines:
        yield f"{found.name} clips in {found.where}, which changed nothing at these numbers"


def unclipped(session: Session, best: Attempt, findings: tuple[Finding, ...], judge: Judge) -> tuple[Finding, ...]:
    """The findings, those that no certain cause explains with what is found once the calls of clip are left out.

    A gradient that comes out as before keeps its finding.
    """
    if not any(map(_open, findings)) or not (copy := _Without(session)).lines:
        return findings
    found = {f.gradient: f for f in _judged(session, best, copy, judge)}
    clip = Cause("clipped", words=(("how", f"on the way, in {copy.where}"),))
    first = min(copy.lines)
    line = plain(f"{session.path.name}, line {first}: {session.call.source.text.splitlines()[first - 1].strip()}")
    return tuple(_merged(f, found.get(f.gradient), clip, line) for f in findings)


def _open(finding: Finding) -> bool:
    return not finding.right and not finding.certain


def _judged(session: Session, best: Attempt, copy: _Without, judge: Judge) -> tuple[Finding, ...]:
    """The findings on a copy of their file that clips nothing."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / session.path.name
        path.write_text(ast.unparse(copy.tree), encoding="utf-8")
        other = Session(session.model, path, session.calls, session.table, session.limits)
        again = other.attempts([best.plan])
        return judge(again[0], other) if again and again[0].found.gradients else ()


def _merged(finding: Finding, without: Finding | None, clip: Cause, line: str) -> Finding:
    """A finding on what clips, and what else is wrong with it."""
    changed = without is not None and (without.right or without.error != finding.error)
    if without is None or not _open(finding) or not changed or _open(without):
        return finding
    return replace(finding, suspects=(Suspect(clip, True), *without.suspects), line=line)
