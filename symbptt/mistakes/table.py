"""The catalogue: one row per mistake. The order is the order in which causes with equal numbers are listed.

`told` teaches: what went wrong, filled from the words of a cause at a place; `remedy` says what the right code does. What is said
of a mistake wherever it is stands in `templates/words/LANGUAGE/mistakes.toml`.
"""

from symbptt.errors import UnknownName
from symbptt.mistakes import edits
from symbptt.mistakes.mistake import Mistake, Part

_INSIDE = frozenset({Part.ADJOINT, Part.CARRY, Part.GRADIENT})
_SUMMANDS = _INSIDE | {Part.START}
_ANY = frozenset(Part)

_ROWS = (
    # Of chunk code; they say more than the general mistakes that may give the same numbers.
    Mistake("mask-wrong", "The mask is {wrong} where it should be {right_factor} in {place}.",
        "A read-out meets the token itself (i ≥ j), the error of the delta rule only tokens before it (i > j): {right}.", _ANY),
    Mistake("cumsum-wrong",
        "{wrong} stands for {right_factor} in {place}: a cumulated sum is exclusive for inclusive, or runs the other way.",
        "c_i sums the gates up to token i, and its adjoint from token i on: {right}.", _ANY),
    Mistake("border-decay", "{place} has {wrong} in place of the decay {right_factor}.",
        "What passes from token i to the border of its chunk decays by all gates in between: {right}.", _ANY),
    Mistake("final-cotangent-dropped", "The cotangent of the final state {state} does not enter{where}.",
        "The carry of the last chunk starts with it, and whatever reads that carry gets its part.", _ANY),
    Mistake("ragged-end", "In chunks: {what}.", "{fix}", _ANY),
    Mistake("anchor-wrong", "{place} has a factor {factor} too many, where r is {anchor}: an anchor on one side alone.",
        "What is divided by e^r on the one side is multiplied by it on the other: {right}.", _ANY),
    # Between the parts of a composed model.
    Mistake("direction-lost",
        "A direction's gradient is missing: what {reader} hands back for {source} never reaches the part that computes it.",
        "Whatever reads {source} hands a gradient back; run the recursion of {source} on the sum of them."),
    Mistake("memory-lost", "The memory's gradient is not handed back: {name} gives {source} nothing.",
        "Add up the gradients of {name} over all steps that read it, and give row k to {source} of step k."),
    Mistake("handover-lost",
        "A state is handed over without its gradient: {name} starts at the last {source}, and gives it nothing.",
        "The gradient with respect to what {name} starts at is added to that of the last {source}."),
    Mistake("share-missing",
        "A direction's or phase's gradient is not added: {name} is read by {reader}, too, whose share is missing.",
        "The gradient of {name} is the sum over all parts that read it."),
    Mistake("not-reversed", "{what}.", "{fix}"),
    Mistake("mask-ignored", "The mask is ignored in {reader}, which computes {what}: it runs over the padding, too.",
        "Behind the end of a sample {what} keep their initial value; a reversed direction starts at the sample's own last step."),
    Mistake("carry-dropped", "The adjoint of {state} is never passed back from step t+1 to step t.",
        "Add the carry {carry} to the adjoint of {state}; only at t = T it is zero.", frozenset({Part.CARRY}), edits.no_carry),
    Mistake("truncated", "Only terms with {kept} are there; losses reach no further back.",
        "Let the recursion run from t = T to t = 1, or say that the gradient is truncated on purpose.",
        frozenset({Part.CARRY})),
    Mistake("last-loss-only", "Only the {which} of the last step enters.",
        "Add the {which} of every step t when the recursion reaches it.", frozenset({Part.LOSS})),
    Mistake("loss-missing", "The {which} of step {step} does not enter.", "Every step with a loss adds its own summand.",
        frozenset({Part.LOSS})),
    Mistake("overwritten", "{what} is assigned where it should be added up (= for +=): {left} remains.",
        "Start at zero and use += for each summand.", _INSIDE, edits.assigned),
    Mistake("step-missing", "The loop never visits step {step}: its terms are missing in {where}.",
        "Run from t = T down to t = 1, both included (reversed(range(T))).", frozenset({Part.CARRY, Part.GRADIENT})),
    Mistake("off-by-one", "{wrong} is used for {right} in {place}.", "The index belongs to the forward equation: use {right}.",
        _SUMMANDS, edits.other_step),
    Mistake("slope-missing", "The slope {slope} is missing in {place}.", "Multiply the adjoint elementwise by {slope}.",
        _INSIDE, edits.no_slope),
    Mistake("slope-argument", "The slope is taken at the wrong value in {place}: {wrong}.", "It is {slope}.",
        _INSIDE, edits.slope_elsewhere),
    Mistake("slope-wrong", "{place} has the wrong slope: {wrong}.", "For {function} it is {slope}.",
        _INSIDE, edits.other_slope),
    Mistake("transpose-missing", "A transpose is missing in {place}: {wrong}.", "The transposed Jacobian is needed: {right}.",
        _SUMMANDS, edits.untransposed),
    Mistake("order-wrong", "The factors are in the wrong order in {place}: {wrong}.",
        "Matrices do not commute; it should be {right}.", _SUMMANDS, edits.reversed_factors),
    Mistake("gates-permuted", "The gates are in another order {place}: {wrong}.",
        "Keep one order in weights, gradients and carries.", _INSIDE),
    Mistake("gate-missing", "Nothing flows through {gate}: {place}.", "{gate} gets an adjoint as the other gates do.", _INSIDE),
    Mistake("loss-slope", "The gradient of the {which} is {wrong}.", "It is {right}.", frozenset({Part.LOSS})),
    Mistake("initial-state-ignored", "The initial state {state} is taken for zero {place}.",
        "At t = 1 the previous state is {state}, as given.", _SUMMANDS),
    Mistake("bias-not-summed", "{what} is not summed over {axes}.",
        "A bias is shared by all steps and samples: its gradient is the sum over both.", frozenset({Part.GRADIENT})),
    Mistake("clipped", "The gradient is clipped {how}.", "Clip after checking, or check a gradient that is below the bound.",
        frozenset({Part.GRADIENT})),
    Mistake("stale-buffer", "{what}.", "{fix}", _INSIDE),
    Mistake("time-reversed", "{what} comes in reverse order of time: at step t it holds that of step T + 1 − t.",
        "The loop runs from t = T to t = 1: write to index t, or reverse the list at the end.", frozenset({Part.GRADIENT})),
    Mistake("not-deterministic", "A second call with the same arguments gives another gradient: {why}.",
        "Fix the seed, hand masks in as arguments, and keep nothing from one call to the next.", frozenset({Part.GRADIENT})),
    Mistake("route-missing", "The summand {summand} of {place} is missing.", "Each reader of a value sends back its own summand.",
        _ANY, edits.summand_missing),
    Mistake("slice-wrong", "In {place} the wrong part is handed back: {wrong}.",
        "The rows that this value has in the column are needed.", _INSIDE),
    Mistake("sign-flipped", "{what} has the wrong sign.", "{fix}", _ANY, edits.negated),
    Mistake("factor-missing", "The factor {factor} is missing in {place}.", "The summand is {right}.",
        _ANY, edits.factor_missing),
    Mistake("factor-wrong", "{place} has {wrong} in place of {right_factor}.", "The summand is {right}.", _ANY),
    Mistake("counted-twice", "{what} is counted twice.", "Each summand enters once.", _ANY, edits.doubled),
    Mistake("not-computed", "The gradient is zero: it is never computed.", "Add {right} at every step.",
        frozenset({Part.GRADIENT})),
    Mistake("mean-for-sum", "The gradient is divided by {divisor}: a mean where the loss is a sum.",
        "Both are conventions; the loss and the gradient must use the same.", frozenset({Part.LOSS, Part.GRADIENT})),
    Mistake("factor", "{what} is {value} times the right one.",
        "Look for a constant factor in the loss, in the update or in this part.", _ANY),
    Mistake("terms-missing", "The terms {pairs} are missing.", "Every pair k <= t has its term.", frozenset({Part.CARRY})),
    Mistake("product-too-long", "The product over {index} has one factor too many: it {ends}s at {bound}.",
        "It {ends}s at {other}; at k = t it is empty.", frozenset({Part.CARRY})),
    Mistake("product-too-short", "The product over {index} has one factor too few: it {ends}s at {bound}.",
        "It {ends}s at {other}.", frozenset({Part.CARRY})),
    Mistake("sum-range", "The sum over {index} {ends}s at {bound}.", "It {ends}s at {other}.", frozenset({Part.GRADIENT})),
    Mistake("product-kind", "{wrong} mixes the products.", "It should be {right}: @ for matrices, * entry by entry.",
        _SUMMANDS),
    Mistake("operator-wrong", "{old} stands where {new} belongs in {wrong}.", "It should be {right}.", _SUMMANDS),
    Mistake("diagonal-missing", "{wrong} takes a column for a matrix.", "The slope is a diagonal matrix: {right}.", _SUMMANDS),
    Mistake("factor-extra", "The factor {factor} is too many in {wrong}.", "It should be {right}.", _SUMMANDS),
    Mistake("summand-extra", "The summand {summand} is too many in {place}.", "The derivation has no such summand.", _SUMMANDS),
    Mistake("scalars-only", "The formula holds {when}.",
        "For matrices the order of factors, transposes and diagonal matrices matter.", _SUMMANDS),
    Mistake("zero-start-only", "The formula holds {when}.", "Keep the terms of the initial state.", frozenset({Part.GRADIENT})),
    Mistake("shapes-unfit", "The shapes do not fit: {fault}.", "Check transposes and the order of factors.", _SUMMANDS),
    Mistake("shape-wrong", "The gradient has the shape {given}, expected {expected}.",
        "A gradient has the shape of its variable."),
    Mistake("precision-lost",
        "In {kind} the gradient is off by {error} of its size from the double-precision run of the same code; "
        "rounding explains {allowed}.",
        "Accumulate in single precision, or look for what is computed otherwise in {kind}.",
        frozenset({Part.GRADIENT})),
    Mistake("not-real", "The gradient is no array of real numbers.",
        "A complex result, or one of text or of ragged rows, is no gradient."),
    Mistake("not-finite", "The gradient has {count} entries that are no finite numbers.",
        "Look for an overflow, a logarithm of zero or 0/0."),
)

_BY_NAME: dict[str, Mistake] = {row.name: row for row in _ROWS}


def catalogue() -> tuple[Mistake, ...]:
    """Every mistake, in the order of the table."""
    return _ROWS


def named(name: str) -> Mistake:
    """A mistake by its name. Raises UnknownName."""
    if name not in _BY_NAME:
        raise UnknownName("mistake", name, _BY_NAME)
    return _BY_NAME[name]
