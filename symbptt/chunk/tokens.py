"""Values of one token as values of a chunk: a column (n, 1) becomes the rows of a matrix (C, n), a scalar a column (C, 1).

What does not depend on the token stays as it is. Where a value reads a state, it is affine in what the reads give: that is kept
apart, as a coefficient for each read, until the reads are known.
"""

from collections.abc import Callable, Mapping

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Broadcast, Concat, Elementwise, HalfSquaredNorm, Slice, SumAll, is_leaf
from symbptt.chunk.heads import Mixed
from symbptt.chunk.reads import Affine, Held, Read, pieces_of
from symbptt.chunk.terms import NoChunkForm, Term, column, depends
from symbptt.derive.rules import rule_name
from symbptt.derive.varying import COLUMNS, ROWS, Definitions


class Tokens:
    """Writes values of a token as values of the chunk.

    `length` is C, `fixed` the names that do not depend on the token, `held` the states; `given` answers a read once it is known,
    `late` gives the rows of a value of an earlier token.
    """

    def __init__(
        self, length: sp.Symbol, fixed: frozenset[str], known: Definitions, held: Mapping[str, Held],
        refuse: Callable[[str], NoChunkForm],
    ) -> None:
        self.length, self.fixed, self.known, self.held, self.refuse = length, fixed, known, held, refuse
        self.written: dict[sp.MatrixSymbol, MatrixExpr] = {}
        self.given: Callable[[Read], MatrixExpr] | None = None
        self.late: Callable[[sp.MatrixSymbol], MatrixExpr | None] = lambda symbol: None
        self._states = frozenset(h.expander.state for h in held.values())

    def ones(self, columns: sp.Expr | int = 1) -> MatrixExpr:
        """Ones (C, columns)."""
        return OneMatrix(self.length, columns)

    def wide(self, scalars: MatrixExpr, columns: sp.Expr) -> MatrixExpr:
        """A column (C, 1) repeated in every column of (C, n)."""
        number, factors = tidy.split_number(scalars)
        if len(factors) == 1 and isinstance(factors[0], OneMatrix):
            return tidy.scale(number, OneMatrix(self.length, columns))
        return scalars if columns == 1 else tidy.mul(scalars, OneMatrix(1, columns))

    def __call__(self, value: MatrixExpr) -> MatrixExpr:
        """The values of the chunk, (C, n), reads included."""
        found = self.affine(value)
        terms = [] if tidy.is_zero(found.free) else [found.free]
        for read, coefficient in found.reads.items():
            if self.given is None:
                raise self.refuse(f"depends on what it holds in a way that is not affine: {read.query}")
            answer = self.given(read)
            terms.append(tidy.hadamard(self.wide(coefficient, answer.shape[1]), answer))
        return tidy.add(*terms) if terms else found.free

    def affine(self, value: MatrixExpr) -> Affine:
        """The values of the chunk with the reads apart."""
        if value not in self.written and is_leaf(value) and (rows := self.late(value)) is not None:
            self.written[value] = rows
        if value in self.written:
            return Affine(self.written[value])
        if not depends(value, self._states, self.known):
            return Affine(self._plain(value))
        if is_leaf(value):
            if value in self.known and value.shape[1] == 1:
                return self.affine(self.known[value])
            return self._matrix_read(value)
        if isinstance(value, sp.MatAdd):
            parts = [self.affine(part) for part in value.args]
            total = parts[0]
            for part in parts[1:]:
                total = total.plus(part)
            return total
        if isinstance(value, sp.MatMul):
            return self._product(value)
        if isinstance(value, sp.HadamardProduct):
            return self._weighted(value)
        if isinstance(value, sp.Transpose) and value.arg in self.known:
            return self.affine(tidy.transpose(self.known[value.arg]))
        return Affine(self._plain(value))

    def _matrix_read(self, value: MatrixExpr) -> Affine:
        raise self.refuse(f"is read as a whole by {value.name}; a chunk form has products of it with vectors")

    def _weighted(self, value: sp.HadamardProduct) -> Affine:
        dependent = [a for a in value.args if depends(a, self._states, self.known)]
        if len(dependent) == 1:
            rest = [a for a in value.args if a is not dependent[0]]
            scalars = [column(a, frozenset(), self.known) for a in rest]
            if all(s is not None for s in scalars):
                return self._times(self.affine(dependent[0]), [s for s in scalars if s is not None], value.shape[0])
        return Affine(tidy.hadamard(*map(self, value.args)))

    def _times(self, found: Affine, scalars: list[MatrixExpr], rows: sp.Expr) -> Affine:
        """A product with scalars of the token; the decay of a state turns a read before the token into one that is decayed."""
        for scalar in scalars:
            factor = self._plain(scalar)
            reads: dict[Read, MatrixExpr] = {}
            for read, coefficient in found.reads.items():
                if read.kind == "before" and self.held[read.state].decay == scalar:
                    decayed = Read(read.state, "decayed", read.query)
                    reads[decayed] = tidy.add(*(c for c in (reads.get(decayed), coefficient) if c is not None))
                else:
                    reads[read] = tidy.hadamard(coefficient, factor)
            free = found.free if tidy.is_zero(found.free) else tidy.hadamard(self.wide(factor, rows), found.free)
            found = Affine(free, reads)
        return found

    def _product(self, value: sp.MatMul) -> Affine:
        number, factors = tidy.split_number(value)
        if len(factors) == 1:
            return self.affine(factors[0]).scaled(number)
        pieces = pieces_of(factors)
        dependent = [p for p in pieces if depends(tidy.mul(*p), self._states, self.known)]
        if len(dependent) != 1:
            return Affine(tidy.scale(number, self._joined([self(tidy.mul(*p)) for p in pieces])))
        scalars = [tidy.mul(*p) for p in pieces if p is not dependent[0]]
        if dependent[0] is not pieces[0] and pieces[0][0].shape[0] != 1:
            parts = [self._piece(p) if p is dependent[0] else self._plain(tidy.mul(*p)) for p in pieces]
            return Affine(tidy.scale(number, self._joined([self._explicit(p) if isinstance(p, Affine) else p for p in parts])))
        return self._times(self._piece(dependent[0]), scalars, value.shape[0]).scaled(number)

    def _explicit(self, found: Affine) -> MatrixExpr:
        total = [found.free]
        for read, coefficient in found.reads.items():
            if self.given is None:
                raise self.refuse("depends on what it holds through another vector")
            answer = self.given(read)
            total.append(tidy.hadamard(self.wide(coefficient, answer.shape[1]), answer))
        return tidy.add(*total)

    def _joined(self, parts: list[MatrixExpr]) -> MatrixExpr:
        """A column of the token times scalars of it."""
        width = parts[0].shape[1]
        return tidy.hadamard(parts[0], *(self.wide(p, width) for p in parts[1:]))

    def _piece(self, factors: list[MatrixExpr]) -> Affine:
        """A chain that ends in a column and has one matrix that depends on a state."""
        vector = self._vector_read(factors)
        if vector is not None:
            return vector
        place = [i for i, f in enumerate(factors) if depends(f, self._states, self.known)]
        matrices = [i for i in place if 1 not in factors[i].shape]
        if len(place) != 1 or len(matrices) != 1:
            if len(factors) == 1:
                return self.affine(factors[0])
            if len(place) == 1:  # a column that depends on a state, behind matrices that do not depend on the token
                return Affine(self._after(factors[:-1], self(factors[-1])))
            raise self.refuse("is multiplied by itself")
        (i,) = matrices
        found = self._read(factors[i], tidy.mul(*factors[i + 1 :]) if factors[i + 1 :] else tidy.ONE)
        if not factors[:i]:
            return found
        if factors[0].shape[0] == 1:
            row = self._plain(tidy.transpose(tidy.mul(*factors[:i])))
            return Affine(self._dot(row, self._explicit(found)))
        return Affine(self._after(factors[:i], self._explicit(found)))

    def _vector_read(self, factors: list[MatrixExpr]) -> Affine | None:
        """The dot product of a state that is a vector with a vector of the token, either way round."""
        first = factors[0].arg if isinstance(factors[0], sp.Transpose) else None
        states = {s for h in self.held.values() for s in (h.expander.state, h.after) if s.shape[1] == 1}
        if first in states and len(factors) > 1:
            return self._read(factors[0], tidy.mul(*factors[1:]))
        if factors[-1] in states and len(factors) > 1 and factors[0].shape[0] == 1:
            return self._read(tidy.transpose(factors[-1]), tidy.transpose(tidy.mul(*factors[:-1])))
        return None

    def _after(self, fixed: list[MatrixExpr], rows: MatrixExpr) -> MatrixExpr:
        """Fixed matrices on the left of a column of the token."""
        matrix = tidy.mul(*fixed)
        if self._is_fixed(matrix):
            return tidy.mul(rows, tidy.transpose(matrix))
        if matrix.shape[0] == 1:
            return self._dot(self._plain(tidy.transpose(matrix)), rows)
        raise self.refuse("is built with a matrix of each token")

    def _read(self, matrix: MatrixExpr, query: MatrixExpr) -> Affine:
        """M^T q, or M q, for a matrix M of the token that is a sum of terms."""
        while matrix in self.known and isinstance(self.known[matrix], sp.Transpose):
            matrix = self.known[matrix]
        inner, along = (matrix.arg, "rows") if isinstance(matrix, sp.Transpose) else (matrix, "columns")
        for name, held in self.held.items():
            if depends(inner, frozenset({held.expander.state}), self.known):
                written = self.known.get(inner)
                if written is not None and inner != held.after and written.has(sp.Transpose(held.expander.state)):
                    inner, along = tidy.transpose(written), {"rows": "columns", "columns": "rows"}[along]
                if along != held.keys:
                    raise self.refuse(f"is read along its {held.keys} and its {along}; a chunk form has reads along one axis")
                if inner == held.after:
                    return Affine(self._nothing(inner, along), {Read(name, "after", query): self.ones()})
                found = Affine(self._nothing(inner, along))
                for term in held.expander(inner):
                    found = found.plus(self._term(name, held, term, query, along))
                return found
        raise self.refuse("is read in a way that has no chunk form")

    def _nothing(self, matrix: MatrixExpr, along: str) -> MatrixExpr:
        return sp.ZeroMatrix(self.length, matrix.shape[1 if along == "rows" else 0])

    def _term(self, name: str, held: Held, term: Term, query: MatrixExpr, along: str) -> Affine:
        keys, values = (ROWS, COLUMNS) if along == "rows" else (COLUMNS, ROWS)
        scalars, kind, over_values = [], "before", []
        for weight in term.weights:
            narrow = column(weight, keys, self.known)
            if narrow is None:
                other = column(weight, values, self.known)
                if other is None:
                    raise self.refuse("is weighed entry by entry where it is read")
                over_values.append(self._plain(other))
            elif narrow == held.decay and term.is_state and kind == "before":
                kind = "decayed"
            elif narrow.shape == (1, 1):
                scalars.append(narrow)
            else:
                query = tidy.hadamard(narrow, query)
        if term.is_state:
            found = Affine(self._nothing(held.expander.state, along), {Read(name, kind, query): self.ones()})
        else:
            assert term.u is not None and term.w is not None
            key, value = (term.u, term.w) if along == "rows" else (term.w, term.u)
            found = self.affine(value)
            dot = self._dot(self._plain(key), self._plain(query))
            reads = {r: tidy.hadamard(c, dot) for r, c in found.reads.items()}
            found = Affine(tidy.hadamard(self.wide(dot, found.free.shape[1]), found.free), reads)
        rows = held.expander.state.shape[1 if along == "rows" else 0]
        found = self._times(found, scalars, rows).scaled(term.number)
        if over_values:
            found = Affine(tidy.hadamard(*over_values, self._explicit(found)))
        return found

    def _dot(self, left: MatrixExpr, right: MatrixExpr) -> MatrixExpr:
        """The dot products of rows, (C, 1)."""
        both = tidy.hadamard(left, right)
        return both if both.shape[1] == 1 else tidy.mul(both, OneMatrix(both.shape[1], 1))

    def _is_fixed(self, value: MatrixExpr) -> bool:
        return all(s.name in self.fixed for s in value.atoms(sp.MatrixSymbol))

    def _plain(self, value: MatrixExpr) -> MatrixExpr:
        """The values of a column, or scalar, that reads no state."""
        if value in self.written:
            return self.written[value]
        if self._is_fixed(value) and not isinstance(value, OneMatrix):
            return self.ones() if value == tidy.ONE else tidy.mul(self.ones(), tidy.transpose(value))
        if isinstance(value, OneMatrix):
            return OneMatrix(self.length, value.shape[0])
        if is_leaf(value):
            return self(self.known[value])
        if isinstance(value, sp.MatAdd):
            return tidy.add(*map(self, value.args))
        if isinstance(value, sp.HadamardProduct):
            return tidy.hadamard(*map(self, value.args))
        if isinstance(value, Elementwise):
            return value.func(*value.args[:-1], self(value.operand))
        if isinstance(value, Broadcast):
            return self.wide(self(value.args[0]), value.shape[0])
        if isinstance(value, (SumAll, HalfSquaredNorm)) and value.args[0].shape[1] == 1:
            rows = self(value.args[0])
            halved = tidy.scale(sp.Rational(1, 2), tidy.hadamard(rows, rows))
            entries = rows if isinstance(value, SumAll) else halved
            return entries if entries.shape[1] == 1 else tidy.mul(entries, OneMatrix(entries.shape[1], 1))
        if isinstance(value, Mixed):
            return value.tokens(self(value.args[0]), value.heads)
        if isinstance(value, (Slice, Concat)):
            turned = (tidy.transpose(self(a)) if isinstance(a, MatrixExpr) else a for a in value.args)
            return tidy.transpose(value.func(*turned))
        if isinstance(value, sp.MatMul):
            return self._plain_product(value)
        if isinstance(value, sp.Transpose) and value.arg in self.known:
            return self._plain(tidy.transpose(self.known[value.arg]))
        raise self.refuse(f"needs the {rule_name(value)} of each token, which has no form for all tokens of a chunk at once")

    def _plain_product(self, value: sp.MatMul) -> MatrixExpr:
        number, factors = tidy.split_number(value)
        made = []
        for piece in pieces_of(factors):
            if piece[-1].shape[1] != 1:
                raise self.refuse("needs a matrix of each token")
            rows = self(piece[-1])
            made.append(self._after(piece[:-1], rows) if piece[:-1] else rows)
        return tidy.scale(number, self._joined(made))
