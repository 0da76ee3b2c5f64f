"""Operations that move entries as NumPy text: repeated, stacked, cut."""

from __future__ import annotations

from dataclasses import replace

from symbptt.algebra import nodes
from symbptt.emit.code import Code, Lowers
from symbptt.emit.scalars import ADD, ATOM


def spread(lower: Lowers, node: nodes.Broadcast) -> Code:
    """A scalar, column or row that broadcasts."""
    inner = lower(node.args[0])
    height, width = node.args[0].shape
    if (height, width) != (1, 1):
        axes = "..., :, None" if width == 1 else "..., None, :"
        return Code(f"{inner.at(ATOM)}[{axes}]", ATOM, inner.batched, 2, False)
    if node.shape[0] != 1 and node.shape[1] != 1 and inner.batched:
        return Code(f"{inner.at(ATOM)}[..., None]", ATOM, True, 2, False)
    return replace(inner, full=False)


def concat(lower: Lowers, node: nodes.Concat) -> Code:
    """Columns or matrices on top of each other."""
    if node.shape[1] != 1:
        return _stacked(lower, node)
    parts = [lower.whole(a) for a in node.args]
    batched = any(p.batched for p in parts)
    texts = [
        lower.spread(part, f"({lower.batch}, {lower.size(a.shape[0])})") if batched and not part.batched else part.at(ADD)
        for part, a in zip(parts, node.args, strict=True)
    ]
    return Code(f"np.concatenate(({', '.join(texts)}), axis=-1)", ATOM, batched, 1)


def _stacked(lower: Lowers, node: nodes.Concat) -> Code:
    """Matrices on top of each other; a row has one axis only."""
    parts = [lower.whole(a) for a in node.args]
    batched = any(p.batched for p in parts)
    texts = [f"{part.at(ATOM)}[..., None, :]" if part.rank == 1 else part.at(ADD) for part in parts]
    for i, (part, a) in enumerate(zip(parts, node.args, strict=True)):
        if batched and not part.batched:
            shape = f"({lower.batch}, {lower.size(a.shape[0])}, {lower.size(a.shape[1])})"
            texts[i] = lower.spread(Code(texts[i], ATOM, False, 2), shape)
    return Code(f"np.concatenate(({', '.join(texts)}), axis=-2)", ATOM, batched, 2)


def part(lower: Lowers, node: nodes.Slice) -> Code:
    """Some rows of a column or a matrix; one row of a matrix has one axis."""
    inner = lower.whole(node.args[0])
    start, stop = lower.size(node.args[1]), lower.size(node.args[2])
    if node.args[0].shape[1] != 1:
        rows, rank = (start, 1) if node.shape[0] == 1 else (f"{'' if start == '0' else start}:{stop}", 2)
        return Code(f"{inner.at(ATOM)}[..., {rows}, :]", ATOM, inner.batched, rank)
    return Code(f"{inner.at(ATOM)}[..., {'' if start == '0' else start}:{stop}]", ATOM, inner.batched, 1)
