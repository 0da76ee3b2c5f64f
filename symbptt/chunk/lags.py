"""Values of earlier tokens, as a convolution reads them: the rows of a chunk move down by one.

With a one e_1 in the first row alone and the value l_0 behind the chunk before, the rows of l_{t-1} are Shift L + e_1 l_0^T.
Behind the chunk the value is that of the last token which is real, or l_0 where none is.
"""

from collections.abc import Callable, Mapping

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Shift
from symbptt.chunk.recurrence import Say
from symbptt.chunk.tokens import Tokens
from symbptt.model.values import Variable


class Lags:
    """The states that only keep a value for the next token, by the symbol of what they held; `tokens` asks for their rows.

    `sayer` makes equations named after a state, or after none; `real` is the input that is 0 in padding.
    """

    def __init__(
        self, held: Mapping[sp.MatrixSymbol, Variable], tokens: Tokens, sayer: Callable[[str], Say], real: MatrixExpr
    ) -> None:
        self.held, self.tokens, self.sayer, self.real = held, tokens, sayer, real
        self.shift = Shift(tokens.length)
        tokens.late = self.before

    def before(self, symbol: sp.MatrixSymbol) -> MatrixExpr | None:
        """The rows of a value of the token before; None for a symbol that is no such value."""
        if symbol not in self.held:
            return None
        ones, state = self.tokens.ones(), self.held[symbol]
        first = self.sayer("")("first", tidy.add(ones, tidy.scale(-1, tidy.mul(self.shift, ones))))
        rows = tidy.mul(self.shift, self._kept(state))
        return self.sayer(state.name)("lag", tidy.add(rows, tidy.mul(first, tidy.transpose(symbol))))

    def _kept(self, state: Variable) -> MatrixExpr:
        """What the tokens of the chunk keep for the next."""
        return self.sayer(state.name)("kept", self.tokens(self.tokens.known[state.at()]))

    def last(self, state: Variable) -> MatrixExpr:
        """The value behind the chunk."""
        say, before = self.sayer(""), state.at(TIME - 1)
        last = say("last", tidy.add(self.real, tidy.scale(-1, tidy.mul(tidy.transpose(self.shift), self.real))))
        none = say("none", tidy.add(tidy.ONE, tidy.scale(-1, tidy.mul(OneMatrix(1, self.tokens.length), last))))
        rows = tidy.transpose(self._kept(state))
        return tidy.add(tidy.mul(rows, last), tidy.hadamard(tidy.spread(none, *before.shape), before))
