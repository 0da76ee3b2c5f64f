"""Names that get in the way: of emitted code, of Python and its libraries, of TeX, TOML and HTML, of formulas."""

from __future__ import annotations

from functools import cache
from string import ascii_letters

from symbptt import emit
from symbptt.emit.names import words
from symbptt.emit.source_file import BACKENDS
from symbptt.model.declare import INDEX
from symbptt.model.names import usable
from symbptt.model.structure import CALLS

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


@cache
def hostile() -> tuple[str, ...]:
    """All that a variable or a dimension may be called, words of emitted modules included, in alphabetical order.

    But for `index`, which as a shape says that an input has classes.
    """
    emitted = {word for backend in BACKENDS for word in words(emit.source("elman", backend=backend).text)}
    taken = {*CALLS, INDEX}
    return tuple(sorted(name for name in {*_WORDS.split(), *emitted, *ascii_letters} if usable(name) and name not in taken))
