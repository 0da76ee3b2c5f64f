"""Names that get in the way: of emitted code, of Python and its libraries, of TeX, TOML and HTML, of formulas."""

import re
from collections import defaultdict
from functools import cache
from string import ascii_letters

from symbptt import emit
from symbptt.emit.source_file import BACKENDS
from symbptt.emit.targets import TARGETS
from symbptt.model.declare import INDEX
from symbptt.model.functions import CALLS
from symbptt.model.names import usable

_WORDS = """
    span stop start chunk count steps directions value buffer state key axis dtype shape size scale mask weight weights
    result step end begin index rest window block total item array asarray ones empty reshape matmul einsum stack copy
    float64 out match case self cls args kwargs init main re os io random linalg pi e E I J S Q C s k j i l u v nan inf true
    false null title reference symbols initial translations notes schema equations section label frac left right over atop
    par text bf em hat bar tilde vec div script style head body table br hr alpha beta gamma delta epsilon zeta eta theta
    iota kappa mu nu xi omicron rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi
    Omega varphi hbar partial nabla prime diag x_1 x1 x_t x_T h0 h_0 W_12 W_h_x a_b_c dW dh dx dL delta_h grad_h d_x adjoint
    ct g_h h_new h_next h_prev an_exceedingly_long_name_of_32 A1b2C3 zz Zz
"""

_WORD = re.compile(r"[A-Za-z_]\w*")

_UNLIKE = ("elman", "lstm", "deep_feedforward_batch_norm")
"""Models whose code has most of the words that there are in emitted code."""
_FEW = 8
"""Fewer words than these are no family."""


@cache
def hostile() -> tuple[str, ...]:
    """All that a variable or a dimension may be called, words of emitted modules included, in alphabetical order.

    But for `index`, which as a shape says that an input has classes.
    """
    emitted = {word for backend in BACKENDS for word in _WORD.findall(emit.source("elman", backend=backend).text)}
    return _usable({*_WORDS.split(), *emitted, *ascii_letters})


@cache
def families() -> tuple[tuple[str, ...], ...]:
    """The words of emitted code: all of them, and those that share a part, such as h, d_h, h_prev and h_rows."""
    made = [
        emit.source(name, backend=backend, wrt="all", checkpoint=True, python=backend in TARGETS)
        for name in _UNLIKE for backend in BACKENDS
    ]
    every = _usable({word for file in made for text in (file.text, *dict(file.others).values()) for word in _WORD.findall(text)})
    sharing = defaultdict[str, list[str]](list)
    for word in every:
        for part in word.split("_"):
            sharing[part].append(word)
    return (every, *(tuple(same) for _, same in sorted(sharing.items()) if len(same) >= _FEW))


def _usable(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if usable(name) and name not in {*CALLS, INDEX}))
