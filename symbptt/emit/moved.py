"""Operations that move entries: repeated, stacked, cut."""

from dataclasses import replace

import sympy as sp

from symbptt.algebra import nodes
from symbptt.emit.code import Code, Lowers
from symbptt.emit.tree import Items, Tree, call


def spread(lower: Lowers, node: nodes.Broadcast) -> Code:
    """A scalar, column or row that broadcasts."""
    inner = lower(node.args[0])
    height, width = node.args[0].shape
    if (height, width) != (1, 1):
        return inner.then("[..., :, None]" if width == 1 else "[..., None, :]", 2, False)
    if node.shape[0] != 1 and node.shape[1] != 1 and inner.batched:
        return inner.then("[..., None]", 2, False)
    return replace(inner, full=False)


def concat(lower: Lowers, node: nodes.Concat) -> Code:
    """Columns or matrices on top of each other; a row has one axis only."""
    matrix = node.shape[1] != 1
    parts = [lower.whole(a) for a in node.args]
    batched = any(p.batched for p in parts)
    if matrix and (rows := _rows(parts)) is not None:
        return Code(call("stack", rows, "axis=-2"), batched, 2)
    trees: list[Tree] = []
    for part, a in zip(parts, node.args, strict=True):
        one = part.then("[..., None, :]", 2) if matrix and part.rank == 1 else part
        shape = [lower.batch, *map(lower.size, a.shape[: 1 + matrix])] if batched and not part.batched else []
        trees.append(lower.spread(one, f"({', '.join(shape)})") if shape else one.tree)
    return Code(call("concatenate", Items(tuple(trees)), f"axis={-1 - matrix}"), batched, 1 + matrix)


def _rows(parts: list[Code]) -> Items | None:
    """Rows, all of them one per sample or all shared; None if something else is among them."""
    alike = all(part.rank == 1 and part.batched == parts[0].batched for part in parts)
    return Items(tuple(part.tree for part in parts)) if alike else None


def beside(lower: Lowers, node: nodes.Concat) -> Code | None:
    """Rows as columns side by side: the transpose of a stack of nothing but rows; None for another stack."""
    parts = [lower.whole(a) for a in node.args] if node.shape[1] != 1 else []
    rows = _rows(parts) if parts else None
    return None if rows is None else Code(call("stack", rows, "axis=-1"), parts[0].batched, 2)


def part(lower: Lowers, node: nodes.Slice) -> Code:
    """Some rows of a column or a matrix; one row of a matrix has one axis, and is a column of its transpose."""
    whole = lower(node.args[0].arg) if isinstance(node.args[0], sp.Transpose) else None
    if whole is not None and whole.rank == 2 and not whole.batched and node.shape[0] == 1:
        return whole.then(f"[:, {lower.size(node.args[1])}]", 1)
    inner = lower.whole(node.args[0])
    start, stop = lower.size(node.args[1]), lower.size(node.args[2])
    rows = f"{'' if start == '0' else start}:{stop}"
    if node.args[0].shape[1] == 1:
        return inner.then(f"[..., {rows}]", 1)
    return inner.then(f"[..., {start}, :]", 1) if node.shape[0] == 1 else inner.then(f"[..., {rows}, :]", 2)
