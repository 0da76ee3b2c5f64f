"""Statements between programs that follow each other, and programs in other buffers."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import sympy as sp

from symbptt.program.ir import Assign, Buffer, Expr, Group, Index, Num, Read, Subscript, fixed


def indices(axes: tuple[sp.Expr, ...], names: str) -> tuple[Subscript, ...]:
    """A subscript for each axis; one of a single entry needs no loop."""
    return tuple(fixed(0) if size == 1 else Subscript(Index(name, size)) for name, size in zip(names, axes, strict=False))


def assigned(
    target: Buffer, at: tuple[Subscript, ...], value: Expr, add: bool = False, over: tuple[Index, ...] = ()
) -> Group:
    """target[at] (+)= value, for all indices in `at`, summed over those in `over`."""
    loops = (*over, *(s.index for s in at if s.index is not None))
    return Group(loops, (Assign(target, at, value, add, over),))


def everywhere(target: Buffer) -> tuple[Subscript, ...]:
    """All entries of a buffer."""
    return indices(target.axes, "tnij" if target.timed else "nij" if target.batched else "ij")


def zeroed(target: Buffer) -> Group:
    """target = 0."""
    return assigned(target, everywhere(target), Num(sp.S.Zero))


def copied(target: Buffer, origin: Buffer, add: bool = False) -> Group:
    """target (+)= origin, entry by entry."""
    at = everywhere(target)
    return assigned(target, at, Read(origin, at), add)


def rebuilt(node: Any, buffers: Callable[[Buffer], Buffer], size: Callable[[sp.Expr], sp.Expr]) -> Any:
    """A value with all buffers and sizes in it replaced."""
    if isinstance(node, Buffer):
        return buffers(node)
    if isinstance(node, sp.Expr):
        return size(node)
    if isinstance(node, (tuple, frozenset)):
        return type(node)(rebuilt(item, buffers, size) for item in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{f.name: rebuilt(getattr(node, f.name), buffers, size) for f in fields(node)})
    return node


def rewritten(node: Any, change: Callable[[Any], Any]) -> Any:
    """A value with `change` done to all values in it, the innermost first; buffers and sizes stay."""
    if isinstance(node, tuple):
        return tuple(rewritten(item, change) for item in node)
    if isinstance(node, Buffer) or not is_dataclass(node) or isinstance(node, type):
        return node
    return change(replace(node, **{f.name: rewritten(getattr(node, f.name), change) for f in fields(node)}))
