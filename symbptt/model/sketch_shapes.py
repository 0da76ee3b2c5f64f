"""The shapes of bare equations: every operation says which sizes are equal; what a size is called is decided later."""

import ast
from dataclasses import dataclass, field

from symbptt.model.lags import is_lagged, readings, step
from symbptt.model.losses import LOSSES
from symbptt.model.place import Place
from symbptt.model.syntax import Parsed
from symbptt.model.unknown_sizes import ONE, Linear, Shape, Size, Sizes

SCALARS = ("leak", "alpha", "tau", "dt", "eta", "eps", "scale", "rate", "temperature")
"""What a parameter of one number is called."""


@dataclass
class Sketch:
    """The equations in order, the loss, and what was found of every name."""

    place: Place
    equations: dict[str, Parsed]
    loss: Parsed | None
    sizes: Sizes = field(default_factory=Sizes)
    shapes: dict[str, Shape] = field(default_factory=dict)
    dimensions: set[str] = field(default_factory=set)
    classes: dict[str, Size] = field(default_factory=dict)
    """Inputs that are classes, with the size that counts them."""
    applied: set[str] = field(default_factory=set)
    """Names that a matrix is applied to."""
    bounds: list[tuple[Size, Linear]] = field(default_factory=list)
    """Sizes that slices reach into, and how far."""

    @property
    def lagged(self) -> set[str]:
        """The names that are read with a lag."""
        return {r.name for parsed in self.equations.values() for r in readings(parsed) if r.lag}

    def shape(self, name: str) -> Shape:
        """The shape of a name, an unknown one at first."""
        if name not in self.shapes:
            plain = name not in self.equations and name.rstrip("_0123456789") in SCALARS
            self.shapes[name] = (ONE, ONE) if plain else self.sizes.shape()
        return self.shapes[name]


@dataclass
class Walk:
    """The shape of an expression; None for a number, which goes with every shape."""

    sketch: Sketch
    parsed: Parsed

    def shape(self, node: ast.expr) -> Shape | None:
        """The shape of a node. Raises BadInput for a sample that stands as a row."""
        sizes = self.sketch.sizes
        if isinstance(node, ast.Name):
            return self.sketch.shape(node.id)
        if isinstance(node, ast.Subscript):
            return self.sketch.shape(step(node, self.parsed)[0]) if is_lagged(node) else self._slice(node)
        if isinstance(node, ast.UnaryOp):
            return self.shape(node.operand)
        if isinstance(node, ast.Attribute):
            inner = self.shape(node.value)
            return inner and (inner[1], inner[0])
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.MatMult):
                return self._product(node)
            if isinstance(node.op, ast.Pow):
                return self.shape(node.left)
            return self._together([node.left, node.right])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return _CALLS.get(node.func.id, Walk._call)(self, node)
        if isinstance(node, ast.Compare):
            return self._together([node.left, *node.comparators])
        return None if isinstance(node, ast.Constant) else sizes.shape()

    def _together(self, nodes: list[ast.expr]) -> Shape | None:
        """Operands of one shape; scalars spread over the others."""
        shapes = [shape for shape in map(self.shape, nodes) if shape is not None]
        whole = [shape for shape in shapes if not all(map(self.sketch.sizes.is_one, shape))]
        self.sketch.sizes.join_all(whole)
        return next(iter(whole or shapes), None)

    def _product(self, node: ast.BinOp) -> Shape | None:
        left, right = self.shape(node.left), self.shape(node.right)
        if left is None or right is None:
            return left or right
        self._check_column(node)
        if (name := plain(node.right)) is not None:
            self.sketch.applied.add(name)
        self.sketch.sizes.join(left[1], right[0])
        return left[0], right[1]

    def _check_column(self, node: ast.BinOp) -> None:
        value, matrix = node.left, node.right
        name = plain(value.value if isinstance(value, ast.Subscript) else value)
        known = self.sketch.equations
        if name and name[0].islower() and isinstance(matrix, ast.Name) and matrix.id[0].isupper() and matrix.id not in known:
            shown = ast.unparse(value).replace(" ", "")
            raise self.parsed.at(node).error(f"a sample is a column here: write {matrix.id} @ {shown}")

    def _slice(self, node: ast.Subscript) -> Shape | None:
        inner = self.shape(node.value)
        if inner is None or not isinstance(node.slice, ast.Slice):
            return inner
        low, high = (self._linear(bound) for bound in (node.slice.lower, node.slice.upper))
        if high is None:
            return self.sketch.sizes.new(rows=True), inner[1]
        self.sketch.bounds.append((inner[0], high))
        left = {name: high.get(name, 0) - (low or {}).get(name, 0) for name in high}
        return self.sketch.sizes.named({name: count for name, count in left.items() if count > 0} or {"": 1}), inner[1]

    def _linear(self, node: ast.expr | None) -> dict[str, int] | None:
        """A bound such as H, 2*H or H + 3; None for another one, or none."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return {"": node.value} if node.value else {}
        if isinstance(node, ast.Name):
            self.sketch.dimensions.add(node.id)
            return {node.id: 1}
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mult)):
            left, right = self._linear(node.left), self._linear(node.right)
            if left is None or right is None:
                return None
            if isinstance(node.op, ast.Add):
                return {name: left.get(name, 0) + right.get(name, 0) for name in {**left, **right}}
            number, other = (left, right) if not set(left) - {""} else (right, left)
            return None if set(number) - {""} else {name: count * number.get("", 0) for name, count in other.items()}
        return None

    def _call(self, node: ast.Call) -> Shape | None:
        """A function that the table does not name: its operands and its value have one shape."""
        return self._together(node.args)

    def _scalar(self, node: ast.Call) -> Shape | None:
        self._together(node.args)
        return ONE, ONE

    def _outer(self, node: ast.Call) -> Shape | None:
        shapes = [shape or (ONE, ONE) for shape in map(self.shape, node.args)]
        for _, columns in shapes:
            self.sketch.sizes.join(columns, ONE)
        return (shapes[0][0], shapes[-1][0]) if shapes else None

    def _concat(self, node: ast.Call) -> Shape | None:
        shapes = [shape or (ONE, ONE) for shape in map(self.shape, node.args)]
        return self.sketch.sizes.sum(rows for rows, _ in shapes), ONE

    def _eye(self, node: ast.Call) -> Shape | None:
        size = self._linear(node.args[0]) if node.args else None
        made = self.sketch.sizes.named(size or {"": 1})
        return made, made

    def _embed(self, node: ast.Call) -> Shape | None:
        table = self.shape(node.args[0]) if node.args else None
        if table is None:
            return None
        if len(node.args) > 1 and (name := plain(node.args[1])) is not None:
            self.sketch.classes[name] = table[1]
            self.sketch.sizes.count(table[1])
        return table[0], ONE


_CALLS = {
    "sum": Walk._scalar, "mean": Walk._scalar, "dot": Walk._scalar, "logsumexp": Walk._scalar, "outer": Walk._outer,
    "concat": Walk._concat, "eye": Walk._eye, "embed": Walk._embed, **dict.fromkeys(LOSSES, Walk._scalar),
}
"""The functions whose value has another shape than their operands."""


def plain(node: ast.expr) -> str | None:
    """The name, for a node that is a bare name; else None."""
    return node.id if isinstance(node, ast.Name) else None
