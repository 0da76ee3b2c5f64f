"""What people write out of habit, from paper or from another library, and how the model language says it."""

import re
import unicodedata

CHARACTERS = {
    "^": "a power is written **",
    "−": "write - for minus", "–": "write - for minus",
    "×": "write * entry by entry, @ for a matrix product", "·": "write * entry by entry, @ for a matrix product",
    "⊙": "write * for a product entry by entry", "∘": "write * for a product entry by entry",
    "⊗": "write outer(a, b)",
    "ᵀ": "a transpose is written .T", "⊤": "a transpose is written .T", "'": "a transpose is written .T",
    "²": "write ** 2", "³": "write ** 3", "√": "write sqrt(...)",
    "{": "a step stands in square brackets, as in h[t-1]",
    "\\": "a formula is written in plain letters; its LaTeX is latex in [symbols]",
    "!": "where(a > b, u, v) chooses by >, <, >= or <=",
    "σ": "write sigmoid(...), or a name in ASCII letters with its sign as latex in [symbols]",
}
"""By character: what to write in its place."""

_SCORES = "softmax_cross_entropy takes the scores before the softmax"
_PRODUCT, _STACKED, _DROPPED = "write A @ b", "write concat(a, b)", "draw its mask outside, as an input m, and write m * h"
_SIGMOID = "write sigmoid(x)"
FUNCTIONS = {
    "cross_entropy": _SCORES, "crossentropy": _SCORES, "crossentropyloss": _SCORES, "nll_loss": _SCORES, "nllloss": _SCORES,
    "mseloss": "write mse(o, y)", "mse_loss": "write mse(o, y)", "norm": "write sqrt(dot(v, v))",
    "transpose": "a transpose is written .T", "dropout": _DROPPED,
    "maximum": "write max(a, b)", "minimum": "write min(a, b)", "heaviside": "write step(x)", "detach": "write stop_gradient(x)",
    "sign": "write step(x) - step(-x)", "logsigmoid": "write log_sigmoid(x)", "rsqrt": "write x ** -0.5",
    "clamp": "write clip(x, lo, hi)", "if_else": "write where(a > b, u, v)", "normalize": "write l2_norm(x)",
    "matmul": _PRODUCT, "mm": _PRODUCT, "multiply": "write a * b",
    "swish": "write silu(x)", "sigma": _SIGMOID, "logistic": _SIGMOID, "expit": _SIGMOID,
    "conv1d": "write conv(x, w)", "bmm": _PRODUCT, "einsum": "write @, dot(u, v) or outer(u, v)",
    "cat": _STACKED, "concatenate": _STACKED, "hstack": _STACKED, "vstack": _STACKED,
}
"""By the name, in small letters, of a function that the language lacks: how to say it."""


def character(sign: str) -> str:
    """A clause on a character outside the language, empty if nothing is known of it."""
    if sign in CHARACTERS:
        return f"; {CHARACTERS[sign]}"
    if unicodedata.name(sign, "").startswith("GREEK"):
        plain = unicodedata.name(sign).rsplit(" ", 1)[1].lower()
        return f"; names have ASCII letters: write {plain}, and give latex in [symbols] to print its sign"
    return ""


def function(name: str) -> str:
    """How the language says what a function of another library does; empty if nothing is known of it."""
    return FUNCTIONS.get(name.lower(), "")


def lagged(name: str) -> str:
    """h for h_prev, hprev, h_old, h_tm1: the state of the step before as code often calls it; empty for another name."""
    match = re.fullmatch(r"(\w+?)_?(?:prev|previous|last|old|tm1)|prev_?(\w+)", name)
    return (match[1] or match[2]) if match else ""


def shape(text: str) -> str:
    """A clause on a dimension that is written another way, empty if nothing is known of it."""
    if re.search(r"[,()\[\]×]", text) is None:
        return ""
    return "; dimensions stand side by side, parted by blanks, as in 'H D'"
