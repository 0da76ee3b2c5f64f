"""Blocks as lines: products over all steps, chunks of local factors, and loops that write into buffers."""

import sympy as sp

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import HeadTranspose, JoinHeads, OfHeads
from symbptt.algebra.nodes import Timed
from symbptt.algebra.related import Cotangent
from symbptt.emit.fast import head_calls
from symbptt.emit.fast.last_call import last_call
from symbptt.emit.fast.loops import loop, scan
from symbptt.emit.fast.operands import Arrays, Chunk, Rows, Step
from symbptt.emit.fast.operations import Operations
from symbptt.emit.fast.prepared import Prepared
from symbptt.emit.fast.storage import Storage, writes
from symbptt.emit.layout import Layout, array_rank
from symbptt.emit.lines import Line, Note, reads
from symbptt.emit.plan.stack_gates import weight_of
from symbptt.emit.plan.statements import Block, Gradient, Key, Statement, is_view, key_of, terms
from symbptt.emit.reduced import reduced
from symbptt.emit.tree import ADD, ATOM, Call
from symbptt.model.values import Role

CHUNK_ENTRIES = 32768
"""Entries of an array that a chunk of local factors works on at once: they stay in the cache until the loop reads them."""

READ_ONLY = frozenset({"broadcast_to", "_batch_mean"})
"""Calls whose results cannot be added to in place."""


class BlockWriter:
    """Writes the blocks of one function. `allocated` are the arrays over all steps that exist already, `fixed` what is made of
    parameters alone."""

    def __init__(self, arrays: Arrays, prepared: Prepared, backward: bool) -> None:
        self.arrays, self.prepared, self.backward = arrays, prepared, backward
        self.storage: Storage = arrays.storage
        self.lines, self.fixed = list[Line](), list[Line]()
        self.allocated: dict[str, str] = {}

    @property
    def layout(self) -> Layout:
        """The names."""
        return self.storage.layout

    def allocate(self, blocks: tuple[Block, ...]) -> None:
        """Arrays for what loops store, and for what shares a place with it."""
        for block in blocks:
            for statement in (*block.ahead, *block.statements):
                for key in statement.keys:
                    self._allocate(block, statement, key)

    def _allocate(self, block: Block, statement: Statement, key: Key) -> None:
        storage, home = self.storage, self.storage.home(key)
        pack = storage.plan.pack(key)
        if pack is not None:
            name = storage.pack_name(pack)
            shape = f"{len(pack.rows)}, T, N, {self.arrays.shape(home)}"
            if pack.buffered:
                self.allocated.setdefault(name, self.arrays.made(name, shape))
            else:
                self.allocated.setdefault(name, f"{name} = _gates({shape}, dtype)")
            members = ", ".join(storage.layout.name(row[-1]) for row in pack.rows)
            self.allocated.setdefault(" " + name, f"{members} = {name}")
        elif key in storage.chunked:
            name = storage.layout.name(key)
            span = self._span(block)
            self.allocated.setdefault(name, self.arrays.made(name, f"min({span}, T), N, {self.arrays.shape(key)}"))
        elif key in storage.stored and not isinstance(key, Gradient) and (
            block.each or home != key or storage.extra_row(key) or self._writes_in_place(statement)
        ):
            name = storage.layout.name(home)
            self.allocated.setdefault(name, self.arrays.made(name, f"{self.arrays.lead(home)}, {self.arrays.shape(home)}"))

    def _writes_in_place(self, statement: Statement) -> bool:
        """Whether a value is a matrix, or a column with a product in it, that is written into an array that is there."""
        value, apart = statement.values[0], Rows(Arrays(self.storage, self.arrays.size))
        if value.shape[1] != 1:
            return not self._is_cotangent(statement) and bool(last_call(apart.lower, self._without_cotangents(value), "into"))
        parts = [tidy.split_number(term)[1] for term in terms(value) if weight_of(self.storage.plan, term) is not None]
        return any(isinstance(p[1], Timed) and p[1].shape[1] == 1 for p in parts)

    def is_allocated(self, key: Key) -> bool:
        """Whether there is an array to write a value into."""
        return self.storage.plan.pack(key) is not None or self.storage.layout.name(self.storage.home(key)) in self.allocated

    def write(self, block: Block) -> None:
        """Write one block."""
        if block.decay is not None:
            self.lines.append(scan(self.arrays, block.statements[0], block.decay, self.backward))
        elif block.each:
            self._loop(block)
        else:
            for statement in block.statements:
                self._for_all_steps(statement)

    # ------------------------------------------------------------ all steps at once

    def _for_all_steps(self, statement: Statement) -> None:
        place = Rows(self.arrays)
        key, notes = statement.key, statement.numbers
        if not isinstance(key, Timed):
            name, value = self.storage.layout.name(key), place.lower.whole(statement.values[0])
            self.fixed.append(Line(f"{name} = {value.at(ADD)}", notes))
        elif isinstance(key, Gradient):
            self._gradient(statement, place)
        elif self.is_allocated(key):
            work = Operations(place, self.prepared)
            values = tuple(self._without_cotangents(v) for v in statement.values)
            into = place.operand(statement.targets)
            assert into is not None
            work.assign(values, into, notes)
            self.lines += work.lines
            self._cotangents(statement, into)
        elif self._is_cotangent(statement):
            name, rows = self.arrays.over_time(key, 0), self.arrays.rows_name(key, 0)
            self.lines.append(Line(f"{name} = {self._required(key_of(statement.values[0]))}", notes))
            self.lines.append(Line(f"{rows} = {name}.reshape(T * N, {self.arrays.shape(key)})"))
            self.arrays.views[rows] = ""
        else:
            self._expression(statement, place)

    def _expression(self, statement: Statement, place: Rows) -> None:
        """A new array, named once with its rows stacked and once by step."""
        key, value = statement.key, self._without_cotangents(statement.values[0])
        rows, code = self.arrays.rows_name(key, 0), place.lower.whole(value)
        shape = self.arrays.shape(key)
        text = code.at(ADD)
        if not code.batched:
            text = f"np.array(np.broadcast_to({text}, (T * N, {shape})), dtype)"
        elif self._needs_copy(statement) or (isinstance(code.tree, Call) and code.tree.function in READ_ONLY):
            text += ".copy()"
        self.lines.append(Line(f"{rows} = {text}", statement.numbers))
        self.arrays.views[rows] = ""
        self._cotangents(statement, rows)
        self.lines.append(Line(f"{self.storage.layout.name(key)} = {rows}.reshape(T, N, {shape})", optional=True))

    def _needs_copy(self, statement: Statement) -> bool:
        """Whether a value is a view that somebody writes to, or one whose entries do not lie side by side."""
        value, shared = statement.values[0], {*self.storage.shared.values()}
        written = any(self.storage.home(key) in shared or self.storage.plan.pack(key) for key, _ in statement.reads)
        plain = isinstance(value, (Timed, JoinHeads, HeadTranspose)) and not written
        return is_view(self._without_cotangents(value)) and not plain

    def _gradient(self, statement: Statement, place: Rows) -> None:
        variable = self.storage.layout.variable(statement.key)
        name, notes = self.layout.gradient(variable), statement.numbers
        value = statement.values[0]
        if len(statement.targets) > 1:
            self._gradients(statement, place, notes)
            return
        if isinstance(value, Timed) and len(variable.shape) == 1 and variable.role is Role.PARAMETER:
            self.lines.append(Line(f"{name} = {self.prepared.ones()} @ {place.leaf(value).text}", notes))
        elif variable.role is Role.PARAMETER:
            self.lines.append(Line(f"{name} = {reduced(place.lower, value, variable, self.layout)}", notes))
        else:
            text = place.lower.whole(value).at(ATOM)
            shape = self.arrays.shape(statement.key)
            self.lines.append(Line(f"{name} = {text}.reshape(T, N, {shape})", notes))

    def _gradients(self, statement: Statement, place: Rows, notes: tuple[Note, ...]) -> None:
        """The gradients of stacked parameters: the adjoints are neighbours in a pack."""
        names = ", ".join(self.layout.gradient(self.storage.layout.variable(key)) for key in statement.keys)
        split = [tidy.split_number(v)[1] for v in statement.values]
        pack = self.storage.plan.pack(key_of(split[0][0]))
        assert pack is not None
        first = pack.row(key_of(split[0][0]))
        run = self.arrays.run(pack, range(first, first + len(split)))
        if len(split[0]) == 1:
            rows = place.operand(tuple(parts[0] for parts in split))
            self.lines.append(Line(f"{names} = {self.prepared.ones()} @ {rows}", notes))
        else:
            rows = place.leaf(split[0][1].arg).text
            self.lines.append(Line(f"{names} = _gradients({run}, {rows})", notes))

    def _is_cotangent(self, statement: Statement) -> bool:
        return isinstance(statement.values[0], Cotangent)

    def _required(self, key: Key) -> str:
        """The cotangents of a value as (T, N, ...), zeros if there are none."""
        name, shape = self.layout.cotangent(self.storage.layout.variable(key)), self.arrays.shape(key)
        rows = f"{name}[1:]" if self.storage.extra_row(key) else name
        return f"np.zeros((T, N, {shape}), dtype) if {name} is None else {rows}"

    def _without_cotangents(self, value: sp.MatrixExpr) -> sp.MatrixExpr:
        kept = [t for t in terms(value) if not isinstance(t, Cotangent)]
        return value if len(kept) == len(terms(value)) else (kept[0] if len(kept) == 1 else sp.MatAdd(*kept))

    def _cotangents(self, statement: Statement, rows: str) -> None:
        """Add the cotangents that were given."""
        for term in terms(statement.values[0]):
            if isinstance(term, Cotangent):
                name = self.layout.cotangent(self.storage.layout.variable(term))
                part = f"{name}[1:]" if self.storage.extra_row(term) else name
                self.lines.append(Line(f"if {name} is not None:", body=(Line(f"{rows} += {part}.reshape({rows}.shape)"),)))

    # ------------------------------------------------------------ step by step

    def _loop(self, block: Block) -> None:
        place = Step(self.arrays, block.keys, bool(block.ahead))
        work = Operations(place, self.prepared)
        for index, statement in enumerate(block.statements):
            self._at_a_step(block, index, statement, work, place)
        ahead = self._ahead(block) if block.ahead else []
        for line in place.buffers.values():
            self.prepared.lines.setdefault(line, line)
        made = loop(place.over, self.backward, self.storage.own("steps"), work.lines)
        self.lines += self._in_chunks(block, [*ahead, *made]) if block.ahead else made

    def _at_a_step(self, block: Block, index: int, statement: Statement, work: Operations, place: Step) -> None:
        notes = statement.numbers
        if isinstance(statement.key, Gradient):
            self._gradient_of_a_step(statement, work, place, notes)
            return
        value = statement.values[0]
        if self._is_cotangent(statement):
            name = self.layout.names.of(f"required {value.name}", self.storage.layout.name(statement.key) + "_outside")
            self.arrays.view(name, self._required(key_of(value)))
            row = place.each(f"step of {name}", name + "_t", name + place.chunk)
            work.lines.append(Line(f"np.copyto({place.operand(statement.targets)}, {row})", notes))
            return
        into = place.operand(statement.targets)
        assert into is not None
        rank = {array_rank(self.storage.layout.variable(k)) for k in statement.keys}
        if rank == {1} and all(v.shape[1] == 1 and not v.has(OfHeads) for v in statement.values):
            work.assign(statement.values, into, notes)
        else:
            self._whole(statement, into, work, place)
        self._keep(block, index, work, place)

    def _whole(self, statement: Statement, into: str, work: Operations, place: Step) -> None:
        """A matrix, or what has heads."""
        value = self._without_cotangents(statement.values[0])
        calls = head_calls.calls(place, statement.targets[0], value)
        whole = place.lower.whole
        written = last_call(place.lower, value, into) or f"np.copyto({into}, {whole(value).at(ADD)})"
        texts = [written] if calls is None else calls
        work.lines += [Line(text, statement.numbers * (text is texts[0])) for text in texts]
        self._optional(statement.values[0], into, work, place)

    def _optional(self, value: sp.MatrixExpr, into: str, work: Operations, place: Step) -> None:
        for term in terms(value):
            if isinstance(term, Cotangent):
                name = place.leaf(term).text
                work.lines.append(Line(f"if {name} is not None:", body=(Line(f"{into} += {name}"),)))

    def _keep(self, block: Block, index: int, work: Operations, place: Step) -> None:
        """After the last statement that writes into a pack, its values are stored."""
        for pack in self.storage.plan.packs:
            if not (pack.buffered and writes(block.statements[index], pack) and self.storage.needs_kept(block, pack)):
                continue
            if any(writes(s, pack) for s in block.statements[index + 1 :]):
                continue
            last, first = (tuple(row[i] for row in pack.rows) for i in (-1, 0))
            span = range(len(pack.rows))
            work.say(f"np.copyto({place.several(pack, span, first)}, {place.several(pack, span, last)})")

    def _gradient_of_a_step(self, statement: Statement, work: Operations, place: Step, notes: tuple[Note, ...]) -> None:
        variable, value = self.storage.layout.variable(statement.key), statement.values[0]
        name = self.layout.gradient(variable)
        if not variable.timed:
            work.lines.append(Line(f"{name} += {reduced(place.lower, value, variable, self.layout)}", notes))
            return
        row = place.each(f"step of {name}", name + "_t", name + place.chunk)
        text = (
            reduced(place.lower, value, variable, self.layout)
            if variable.role is Role.PARAMETER
            else place.lower.whole(value).at(ADD)
        )
        work.lines.append(Line(f"{row} += {text}", notes))

    def _span(self, block: Block) -> str:
        """The name of the number of steps in a chunk."""
        span, width = self.storage.own("span"), self.arrays.shape(block.ahead[0].key).replace(", ", " * ")
        self.allocated.setdefault(span, f"{span} = max(1, {CHUNK_ENTRIES} // max(1, N * {width}))")
        return span

    def _ahead(self, block: Block) -> list[Line]:
        """Local factors, for the steps of a chunk."""
        place = Chunk(self.arrays)
        work = Operations(place, self.prepared)
        for statement in block.ahead:
            for target, value in zip(statement.targets, statement.values, strict=True):
                work.assign((value,), place.leaf(target).text, statement.numbers)
        return work.lines

    def _in_chunks(self, block: Block, lines: list[Line]) -> list[Line]:
        """The loop over the chunks, of as many steps as fit into the cache."""
        span, start, stop, chunk, count = self._span(block), *map(self.storage.own, ("start", "stop", "chunk", "count"))
        if count in reads(lines):
            head = [
                Line(f"{start} = max({stop} - {span}, 0)"),
                Line(f"{chunk}, {count} = slice({start}, {stop}), slice({stop} - {start})"),
            ]
        else:
            head = [Line(f"{chunk} = slice(max({stop} - {span}, 0), {stop})")]
        return [Line(f"for {stop} in range(T, 0, -{span}):", body=(*head, *lines))]
