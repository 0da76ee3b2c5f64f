"""How a value is called: stacked over all steps, in a chunk of steps, or at one step of a loop."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Cotangent
from symbptt.emit.code import Code, place
from symbptt.emit.fast.storage import Storage
from symbptt.emit.layout import array_rank, shape_text
from symbptt.emit.lowering import Lowering
from symbptt.emit.plan.statements import Carry, Key, Pack, key_of

VIEWS = {"": "_heads", "[..., None]": "_columns", "[..., None, :]": "_rows", "[..., None, None]": "_numbers"}
"""What views with an axis of heads are called, by the index behind it."""


@dataclass
class Arrays:
    """The arrays of one function; `views` collects the lines that name parts of them, in the order of first use."""

    storage: Storage
    size: Lowering
    views: dict[str, str] = field(default_factory=dict)

    def shape(self, key: Key) -> str:
        """The axes of a value behind the batch axis, as text."""
        return shape_text(self.storage.layout.variable(key), self.size.size)

    def made(self, name: str, shape: str) -> str:
        """The line that makes an array."""
        return f"{name} = _empty(({shape}), dtype)"

    def started(self, key: Key, shape: str) -> str:
        """What a loop backward starts from, as an array of its own."""
        return f"np.zeros(({shape}), dtype)"

    def behind(self, key: Key) -> str:
        """The same as the last row of an array."""
        return "0"

    def view(self, name: str, text: str) -> str:
        """Name a part of an array."""
        self.views.setdefault(name, f"{name} = {text}")
        return name

    def lead(self, key: Key) -> str:
        """The leading axes of a stored value."""
        return ("T" if not self.storage.extra_row(key) else "T + 1") + ("" if self.storage.layout.untied(key) else ", N")

    def over_time(self, key: Key, lag: sp.Expr | int) -> str:
        """The name of an array (T, N, ...) with the values of all steps, or of those one step before or after."""
        key = self.storage.home(key)
        name, extra = self.storage.layout.name(key), self.storage.extra_row(key)
        if not extra:
            return name
        names = self.storage.layout.names
        here = (extra == "first") == (lag == 0)
        suffix = "now" if lag == 0 else ("before" if lag == -1 else "after")
        return self.view(names.of(f"{key.name} {suffix}", f"{name}_{suffix}"), f"{name}[1:]" if here else f"{name}[:-1]")

    def rows_name(self, key: Key, lag: sp.Expr | int) -> str:
        """The name that `rows` gives."""
        home = self.storage.home(key)
        suffix = "_rows" if lag == 0 else ("_before_rows" if lag == -1 else "_after_rows")
        return self.storage.layout.names.of(f"rows {home.name} {lag}", self.storage.layout.name(home) + suffix)

    def rows(self, key: Key, lag: sp.Expr | int) -> str:
        """The values of all steps and samples on top of each other, (T*N, ...)."""
        name = self.rows_name(key, lag)
        if name not in self.views:
            self.view(name, f"{self.over_time(key, lag)}.reshape(T * N, {self.shape(key)})")
        return name

    def run(self, pack: Pack, span: range) -> str:
        """A pack's array, or some rows of it."""
        name = self.storage.pack_name(pack)
        return name if len(span) == len(pack.rows) else f"{name}[{span.start or ''}:{span.stop}]"


def lag_of(symbol: sp.MatrixSymbol) -> sp.Expr:
    """How many steps later than the current one a symbol is."""
    return symbol.step - TIME if isinstance(symbol, Timed) else sp.S.Zero


class Place(ABC):
    """Names for operands; `lower` writes formulas with them."""

    batch = "N"
    contracts = False
    """Whether products that are summed are one einsum, which pays where arrays are large."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays, self.storage = arrays, arrays.storage
        self.lower = Lowering(self.leaf, arrays.storage.layout.dimension, self.batch)
        self.lower.contracts = self.contracts

    @abstractmethod
    def one(self, symbol: Timed) -> str:
        """The name of one value."""

    @abstractmethod
    def several(self, pack: Pack, span: range, symbols: tuple[Timed, ...]) -> str:
        """The name of neighbours in a pack."""

    def leaf(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol, for formulas."""
        key = key_of(symbol)
        rank = array_rank(self.storage.layout.variable(key))
        if not self.storage.is_timed(key):
            return place(self.storage.layout.name(key), False, rank)
        return place(self.one(symbol), not self.storage.layout.untied(key), rank)

    def formula(self, value: MatrixExpr) -> Code:
        """A formula as one expression, with all its entries."""
        return self.lower.whole(value)

    @property
    def room(self) -> str:
        """The leading axes of an array for intermediate results."""
        return self.batch

    def part(self, name: str) -> str:
        """What is used of such an array."""
        return name

    def operand(self, symbols: tuple[sp.MatrixSymbol, ...]) -> str | None:
        """The name of one value, or of neighbours in a pack; None if the values are no neighbours."""
        if len(set(symbols)) == 1:
            return self.leaf(symbols[0]).text
        pack, keys = self.storage.plan.pack(key_of(symbols[0])), [key_of(s) for s in symbols]
        if pack is None or any(pack.row(key) < 0 for key in keys):
            return None
        rows = [pack.row(key) for key in keys]
        span = range(rows[0], rows[0] + len(rows))
        return self.several(pack, span, symbols) if rows == list(span) else None


class Rows(Place):
    """All steps at once: arrays (T*N, ...)."""

    batch = "T * N"
    contracts = True

    def one(self, symbol: Timed) -> str:
        return self.arrays.rows(key_of(symbol), lag_of(symbol))

    def several(self, pack: Pack, span: range, symbols: tuple[Timed, ...]) -> str:
        run, name = self.arrays.run(pack, span), self.storage.pack_name(pack, span)
        name = self.storage.layout.names.of(f"rows {name}", name + "_rows")
        return self.arrays.view(name, f"{run}.reshape({len(span)}, T * N, {self.arrays.shape(key_of(symbols[0]))})")


class Chunk(Place):
    """Some steps at once: arrays (steps, N, ...)."""

    def formula(self, value: MatrixExpr) -> Code:
        """A formula as one expression; calls broadcast what all entries share."""
        return self.lower(value)

    @property
    def room(self) -> str:
        return f"min({self.storage.own('span')}, T), N"

    def part(self, name: str) -> str:
        return f"{name}[{self.storage.own('count')}]"

    def one(self, symbol: Timed) -> str:
        name = self.arrays.over_time(key_of(symbol), lag_of(symbol))
        return f"{name}[{self.storage.chunk(key_of(symbol))}]"

    def several(self, pack: Pack, span: range, symbols: tuple[Timed, ...]) -> str:
        return f"{self.arrays.run(pack, span)}[:, {self.storage.own('chunk')}]"


class Step(Place):
    """One step of a loop that makes the values `made`; `over` collects what the loop runs over: name -> array.

    A `chunked` loop runs over a chunk of steps.
    """

    def __init__(self, arrays: Arrays, made: frozenset[Key], chunked: bool) -> None:
        super().__init__(arrays)
        self.made, self.chunked = made, chunked
        self.chunk = f"[{self.storage.own('chunk')}]" if chunked else ""
        self.over: dict[str, str] = {}
        self.buffers: dict[str, str] = {}
        self.optional: dict[str, str] = {}
        self.lower.view = self.view

    def view(self, symbol: MatrixExpr, axes: str, tail: str) -> str | None:
        """A value of each head with an axis for the heads, `axes` being N, M, ...: a view that is made before the loop."""
        key, lag = key_of(symbol), lag_of(symbol)
        own = self.leaf(symbol).text if isinstance(symbol, Timed) and not isinstance(symbol, Cotangent) else None
        if own is None or self.storage.plan.pack(key) is not None or not axes.startswith("N, "):
            return None
        wish = own.removesuffix("_t") + VIEWS.get(tail, "_spread") + "_t" * (own in self.over)
        if own in self.buffers or own not in self.over:
            name = self._name(f"heads {key.name} {lag} {tail}", wish)
            self.buffers.setdefault(name, f"{name} = {own}.reshape({axes}){tail}")
            return name
        whole = self.arrays.over_time(key, lag)
        return self.each(f"heads {key.name} {lag} {tail}", wish, f"{whole}.reshape(T, {axes}){tail}{self.chunk}")

    def one(self, symbol: Timed) -> str:
        key, lag = key_of(symbol), lag_of(symbol)
        if isinstance(symbol, Cotangent):
            return self._cotangent(key)
        pack = self.storage.plan.pack(key)
        if pack is not None and pack.buffered and key in self.made and lag == 0:
            return self._buffered(pack, pack.row(key))
        if key in self.made and key not in self.storage.stored and pack is None:
            return self.buffer(key)
        name = self.storage.layout.name(self.storage.home(key)) + {0: "_t", -1: "_before_t", 1: "_after_t"}[int(lag)]
        array = self.arrays.over_time(key, lag) + (f"[{self.storage.chunk(key)}]" if self.chunked else "")
        return self.each(f"step {self.storage.home(key).name} {lag}", name, array)

    def several(self, pack: Pack, span: range, symbols: tuple[Timed, ...]) -> str:
        if pack.buffered and key_of(symbols[0]) in self.made:
            whole = self._whole(pack)
            if len(span) == len(pack.rows):
                return whole
            name = self._name(f"part {pack.rows} {span}", self.storage.pack_name(pack, span) + "_now")
            self.buffers.setdefault(name, f"{name} = {whole}[{span.start or ''}:{span.stop}]")
            return name
        name = self.storage.pack_name(pack, span)
        return self.each(f"step {name}", name + "_t", f"{self.arrays.run(pack, span)}.swapaxes(0, 1){self.chunk}")

    def tiles_of(self, operand: str, products: str) -> str:
        """An operand of N rows as a product in tiles meets it."""
        if operand not in self.over:
            return f"_in_tiles({operand}, {products})"
        wish = operand.removesuffix("_t") + "_tiles_t"
        return self.each(f"tiles {operand} {products}", wish, f"_in_tiles({self.over[operand]}, {products})")

    def step_of(self, tiles: str) -> str:
        """One step of an array in tiles, (T, ...)."""
        return self.each(f"step {tiles}", tiles + "_t", tiles + self.chunk)

    def buffer(self, key: Key) -> str:
        """A buffer that every step uses again; what the step after passes back starts at zero."""
        name = self.storage.layout.name(key)
        shape = f"N, {self.arrays.shape(key)}"
        start = f"{name} = {self.arrays.started(key, shape)}"
        self.buffers.setdefault(name, start if isinstance(key, Carry) else self.arrays.made(name, shape))
        return name

    def _name(self, key: str, wish: str) -> str:
        return self.storage.layout.names.of(key, wish)

    def each(self, key: str, wish: str, array: str) -> str:
        """The name of one step of an array that the loop runs over."""
        name = self._name(key, wish)
        self.over[name] = array
        return name

    def _whole(self, pack: Pack) -> str:
        name = self._name(f"now {pack.rows}", self.storage.pack_name(pack) + "_now")
        self.buffers.setdefault(name, self.arrays.made(name, f"{len(pack.rows)}, N, {self.arrays.shape(pack.rows[0][-1])}"))
        return name

    def _buffered(self, pack: Pack, row: int) -> str:
        whole = self._whole(pack)
        names = [self._name(f"now {pack.rows} {i}", self.storage.layout.name(r[-1]) + "_now") for i, r in enumerate(pack.rows)]
        self.buffers.setdefault(" " + whole, f"{', '.join(names)} = {whole}")
        return names[row]

    def _cotangent(self, key: Key) -> str:
        name = self.storage.layout.name(key)
        rows = f"{name}[1:]" if self.storage.extra_row(key) else name
        steps = self.arrays.view(self._name(f"steps {key.name}", name + "_steps"), f"[None] * T if {name} is None else {rows}")
        return self.each(f"step {key.name}", name + "_t", steps + self.chunk)
