"""The causes that can be named, one row each. The order is the order in which causes with equal numbers are listed.

`sentence` teaches: what went wrong, filled from a cause's `words`; `remedy` says what the right code does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from symbptt.errors import UnknownName


@dataclass(frozen=True)
class Row:
    """A cause: its name in reports and JSON, a sentence and a remedy."""

    name: str
    sentence: str
    remedy: str


@dataclass(frozen=True)
class Cause:
    """A named cause at a place: `state` where a state is concerned, `subject` the value or gradient, `number` the equation's.

    `carry` says that of this equation the part is meant that goes from step t to step t-1. `words` fill the sentence of the
    cause's row.
    """

    name: str
    state: str | None = None
    subject: str = ""
    number: int = 0
    words: tuple[tuple[str, str], ...] = field(default=())
    carry: bool = False

    def __post_init__(self) -> None:
        if self.name not in TABLE:
            raise UnknownName("cause", self.name, TABLE)

    @property
    def sentence(self) -> str:
        """What went wrong."""
        return TABLE[self.name].sentence.format(**dict(self.words))

    @property
    def remedy(self) -> str:
        """What the right code does."""
        return TABLE[self.name].remedy.format(**dict(self.words))

    @property
    def explanation(self) -> str:
        """The sentence and the remedy."""
        return f"{self.sentence} {self.remedy}".strip()

    @property
    def rank(self) -> int:
        """The place in the table."""
        return list(TABLE).index(self.name)


_ROWS = (
    Row("carry-dropped", "The adjoint of {state} is never passed back from step t+1 to step t.",
        "Add the carry {carry} to the adjoint of {state}; only at t = T it is zero."),
    Row("truncated", "Only terms with {kept} are there; losses reach no further back.",
        "Let the recursion run from t = T to t = 1, or say that the gradient is truncated on purpose."),
    Row("last-loss-only", "Only the {which} of the last step enters.",
        "Add the {which} of every step t when the recursion reaches it."),
    Row("loss-missing", "The {which} of step {step} does not enter.", "Every step with a loss adds its own summand."),
    Row("overwritten", "{what} is assigned where it should be added up (= for +=): {left} remains.",
        "Start at zero and use += for each summand."),
    Row("step-missing", "The loop never visits step {step}: its terms are missing in {where}.",
        "Run from t = T down to t = 1, both included (reversed(range(T)))."),
    Row("off-by-one", "{wrong} is used for {right} in {place}.", "The index belongs to the forward equation: use {right}."),
    Row("slope-missing", "The slope {slope} is missing in {place}.", "Multiply the adjoint elementwise by {slope}."),
    Row("slope-argument", "The slope is taken at the wrong value in {place}: {wrong}.", "It is {slope}."),
    Row("slope-wrong", "{place} has the wrong slope: {wrong}.", "For {function} it is {slope}."),
    Row("transpose-missing", "A transpose is missing in {place}: {wrong}.", "The transposed Jacobian is needed: {right}."),
    Row("order-wrong", "The factors are in the wrong order in {place}: {wrong}.",
        "Matrices do not commute; it should be {right}."),
    Row("gates-permuted", "The gates are in another order {place}: {wrong}.",
        "Keep one order in weights, gradients and carries."),
    Row("gate-missing", "Nothing flows through {gate}: {place}.", "{gate} gets an adjoint as the other gates do."),
    Row("loss-slope", "The gradient of the {which} is {wrong}.", "It is {right}."),
    Row("initial-state-ignored", "The initial state {state} is taken for zero {place}.",
        "At t = 1 the previous state is {state}, as given."),
    Row("bias-not-summed", "{what} is not summed over {axes}.",
        "A bias is shared by all steps and samples: its gradient is the sum over both."),
    Row("clipped", "The gradient is clipped {how}.", "Clip after checking, or check a gradient that is below the bound."),
    Row("stale-buffer", "{what}.", "{fix}"),
    Row("time-reversed", "{what} comes in reverse order of time: at step t it holds that of step T + 1 − t.",
        "The loop runs from t = T to t = 1: write to index t, or reverse the list at the end."),
    Row("not-deterministic", "A second call with the same arguments gives another gradient: {why}.",
        "Fix the seed, hand masks in as arguments, and keep nothing from one call to the next."),
    Row("route-missing", "The summand {summand} of {place} is missing.", "Each reader of a value sends back its own summand."),
    Row("slice-wrong", "In {place} the wrong part is handed back: {wrong}.",
        "The rows that this value has in the column are needed."),
    Row("sign-flipped", "{what} has the wrong sign.", "{fix}"),
    Row("factor-missing", "The factor {factor} is missing in {place}.", "The summand is {right}."),
    Row("factor-wrong", "{place} has {wrong} in place of {right_factor}.", "The summand is {right}."),
    Row("counted-twice", "{what} is counted twice.", "Each summand enters once."),
    Row("not-computed", "The gradient is zero: it is never computed.", "Add {right} at every step."),
    Row("mean-for-sum", "The gradient is divided by {divisor}: a mean where the loss is a sum.",
        "Both are conventions; the loss and the gradient must use the same."),
    Row("factor", "{what} is {value} times the right one.",
        "Look for a constant factor in the loss, in the update or in this part."),
    Row("terms-missing", "The terms {pairs} are missing.", "Every pair k <= t has its term."),
    Row("product-too-long", "The product over {index} has one factor too many: it {ends}s at {bound}.",
        "It {ends}s at {other}; at k = t it is empty."),
    Row("product-too-short", "The product over {index} has one factor too few: it {ends}s at {bound}.", "It {ends}s at {other}."),
    Row("sum-range", "The sum over {index} {ends}s at {bound}.", "It {ends}s at {other}."),
    Row("product-kind", "{wrong} mixes the products.", "It should be {right}: @ for matrices, * entry by entry."),
    Row("operator-wrong", "{old} stands where {new} belongs in {wrong}.", "It should be {right}."),
    Row("diagonal-missing", "{wrong} takes a column for a matrix.", "The slope is a diagonal matrix: {right}."),
    Row("factor-extra", "The factor {factor} is too many in {wrong}.", "It should be {right}."),
    Row("summand-extra", "The summand {summand} is too many in {place}.", "The derivation has no such summand."),
    Row("scalars-only", "The formula holds {when}.",
        "For matrices the order of factors, transposes and diagonal matrices matter."),
    Row("zero-start-only", "The formula holds {when}.", "Keep the terms of the initial state."),
    Row("shapes-unfit", "The shapes do not fit: {fault}.", "Check transposes and the order of factors."),
    Row("shape-wrong", "The gradient has the shape {given}, expected {expected}.", "A gradient has the shape of its variable."),
    Row("precision-lost", "In {kind} the gradient is off by {error} of its size from the double-precision run of the same code; "
        "rounding explains {allowed}.", "Accumulate in single precision, or look for what is computed otherwise in {kind}."),
    Row("not-real", "The gradient is no array of real numbers.",
        "A complex result, or one of text or of ragged rows, is no gradient."),
    Row("not-finite", "The gradient has {count} entries that are no finite numbers.",
        "Look for an overflow, a logarithm of zero or 0/0."),
)

TABLE: dict[str, Row] = {row.name: row for row in _ROWS}
"""Every cause by name."""
