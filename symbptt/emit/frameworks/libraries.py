"""What JAX and PyTorch call things, as tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from symbptt.algebra.functions import FUNCTIONS
from symbptt.emit.tree import Words


@dataclass(frozen=True)
class Library:
    """`words` spell the calls of formulas; `names` are taken in the module."""

    backend: str
    words: Words
    scan: str
    lead: bool
    """Whether `scan` takes rows to put in front of what it stacks, and can leave rows unstacked."""
    names: frozenset[str]
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


def _natives(backend: str) -> dict[str, str]:
    """Functions of the module in NumPy, and what the backend has in their place."""
    return {f"_{row.name}": f"{row.native[backend]}({{}})" for row in FUNCTIONS.values() if backend in row.native}


def _pullbacks(backend: str) -> dict[str, str]:
    return {row.name: row.pullback[backend] for row in FUNCTIONS.values() if backend in row.pullback}


_NAMES = frozenset({
    "step", "carry", "now", "wanted", "dtype", "states", "value", "values", "direct", "counted", "checkpoint", "BACKEND", "WRT",
})

JAX = Library(
    backend="jax",
    words=Words("jnp", _natives("jax") | {
        "zeros": "jnp.zeros({}, dtype)", "full": "jnp.full({}, {}, dtype)", "eye": "jnp.eye({}, dtype=dtype)",
        "tri": "jnp.tri({0}, {0}, {1}, dtype)", "of_dtype": "{}.astype(dtype)",
    }),
    scan="jax.lax.scan",
    lead=False,
    names=_NAMES | {"jax", "jnp", "loss"},
    slopes=_pullbacks("jax"),
    fused="",
    affine="",
    kind="dtype = _kind(parameters, inputs, states)",
    like="dtype",
)

TORCH = Library(
    backend="torch",
    words=Words("torch", _natives("torch") | {
        "zeros": "torch.zeros({}, dtype=dtype, device=device)", "full": "torch.full({}, {}, dtype=dtype, device=device)",
        "eye": "torch.eye({}, dtype=dtype, device=device)",
        "tri": "torch.ones(({0}, {0}), dtype=dtype, device=device).tril({1})",
        "where": "_where(dtype, {}, {}, {})", "of_dtype": "{}.to(dtype)",
    }),
    scan="_scan",
    lead=True,
    names=_NAMES | {"torch", "device", "Module", "Loss", "loss"},
    slopes=_pullbacks("torch"),
    fused="torch.addmm",
    affine="torch.nn.functional.linear",
    kind="dtype, device = _kind(parameters, inputs, states)",
    like="dtype, device",
)

LIBRARIES = {library.backend: library for library in (JAX, TORCH)}
