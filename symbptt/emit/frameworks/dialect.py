"""What JAX and PyTorch call things. Formulas are lowered to NumPy's words; a dialect replaces the few that differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from symbptt.algebra.functions import FUNCTIONS

_NUMPY = re.compile(r"\bnp\.")


@dataclass(frozen=True)
class Dialect:
    """`words` are replaced first, then the rest of NumPy's namespace by `module`; `names` are taken in the module."""

    backend: str
    title: str
    module: str
    words: tuple[tuple[str, str], ...]
    scan: str
    lead: bool
    """Whether `scan` takes rows to put in front of what it stacks, and can leave rows unstacked."""
    names: frozenset[str]
    zeros: Callable[[str], str]
    full: Callable[[str, str], str]
    eye: Callable[[str], str]
    tri: Callable[[str, str], str]
    """A square matrix of this size with ones where column <= row + the second argument."""
    slopes: Mapping[str, str]
    """Calls (d, y) for d * f'(a) in terms of y = f(a), by the name of f."""
    fused: str
    """The call (z, x, W) for z + x @ W on rows, if there is one."""
    affine: str
    """The call (x, W, b) for x @ W.T + b on rows of all steps, if there is one."""
    kind: str
    """The line that names dtype (and device) of what a function was given."""
    like: str
    """These names as arguments."""

    def say(self, text: str) -> str:
        """A NumPy text in this dialect."""
        for word, ours in self.words:
            text = text.replace(word, ours)
        return _NUMPY.sub(f"{self.module}.", text)


def _natives(backend: str) -> tuple[tuple[str, str], ...]:
    """Calls of helpers, and of what the backend has in their place."""
    return tuple((f"_{row.name}(", f"{row.native[backend]}(") for row in FUNCTIONS.values() if backend in row.native)


def _pullbacks(backend: str) -> dict[str, str]:
    return {row.name: row.pullback[backend] for row in FUNCTIONS.values() if backend in row.pullback}


_NAMES = frozenset({
    "step", "carry", "now", "wanted", "dtype", "states", "value", "values", "direct", "counted", "checkpoint", "BACKEND", "WRT",
})

JAX = Dialect(
    backend="jax",
    title="JAX",
    module="jnp",
    words=_natives("jax"),
    scan="jax.lax.scan",
    lead=False,
    names=_NAMES | {"jax", "jnp", "loss"},
    zeros=lambda shape: f"jnp.zeros({shape}, dtype)",
    full=lambda shape, number: f"jnp.full({shape}, {number}, dtype)",
    eye=lambda size: f"jnp.eye({size}, dtype=dtype)",
    tri=lambda size, k: f"jnp.tri({size}, {size}, {k}, dtype)",
    slopes=_pullbacks("jax"),
    fused="",
    affine="",
    kind="dtype = _kind(parameters, inputs, states)",
    like="dtype",
)

TORCH = Dialect(
    backend="torch",
    title="PyTorch",
    module="torch",
    words=(*_natives("torch"), ("np.where(", "_where(dtype, "), (".astype(dtype)", ".to(dtype)")),
    scan="_scan",
    lead=True,
    names=_NAMES | {"torch", "device", "Module", "Loss", "loss"},
    zeros=lambda shape: f"torch.zeros({shape}, dtype=dtype, device=device)",
    full=lambda shape, number: f"torch.full({shape}, {number}, dtype=dtype, device=device)",
    eye=lambda size: f"torch.eye({size}, dtype=dtype, device=device)",
    tri=lambda size, k: f"torch.ones(({size}, {size}), dtype=dtype, device=device).tril({k})",
    slopes=_pullbacks("torch"),
    fused="torch.addmm",
    affine="torch.nn.functional.linear",
    kind="dtype, device = _kind(parameters, inputs, states)",
    like="dtype, device",
)

DIALECTS = {dialect.backend: dialect for dialect in (JAX, TORCH)}
