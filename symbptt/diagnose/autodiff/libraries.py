"""PyTorch and JAX behind one door: arrays made, a function run, its vector-Jacobian product taken. Nothing is imported here.

It imports nothing of symbptt: it is loaded in the guarded process too.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

DOUBLE = "float64"
Run = Callable[[Sequence[Any]], list[Any]]
"""From the arrays of the arguments to those of the results."""
Pull = Callable[[Sequence[Any]], list[Any]]
"""From a cotangent for each result, None for zero, to the gradient of each floating argument, None if there is none."""


class Library(Protocol):
    """What is asked of a library."""

    def precision(self, kind: str) -> Any:
        """A context in which new arrays have this precision if nothing else is said."""

    def array(self, value: Any, kind: str) -> Any:
        """An array of the library, of this kind where it has floating numbers."""

    def is_array(self, value: Any) -> bool:
        """Whether a value is an array of the library with floating numbers."""

    def numbers(self, value: Any) -> Any:
        """The numbers as NumPy has them, in double precision if that is what they are, else in single."""

    def vjp(self, run: Run, arrays: Sequence[Any]) -> tuple[list[Any], Pull]:
        """The results, and the pullback of their cotangents."""


def _imported(name: str) -> Any:
    if name not in sys.modules:
        raise ImportError(f"the module of the function imports no {name}")
    return sys.modules[name]


class Torch:
    """PyTorch: the tape is kept by the tensors."""

    def __init__(self) -> None:
        self._torch: Any = _imported("torch")

    @contextmanager
    def precision(self, kind: str) -> Iterator[None]:
        before = self._torch.get_default_dtype()
        self._torch.set_default_dtype(self._torch.float64 if kind == DOUBLE else self._torch.float32)
        try:
            yield
        finally:
            self._torch.set_default_dtype(before)

    def array(self, value: Any, kind: str) -> Any:
        made = self._torch.tensor(value)
        return made.to(getattr(self._torch, kind)).requires_grad_() if made.is_floating_point() else made

    def is_array(self, value: Any) -> bool:
        return isinstance(value, self._torch.Tensor) and bool(value.is_floating_point())

    def numbers(self, value: Any) -> Any:
        wide = value.dtype == self._torch.float64
        return value.detach().to(self._torch.float64 if wide else self._torch.float32).cpu().numpy()

    def vjp(self, run: Run, arrays: Sequence[Any]) -> tuple[list[Any], Pull]:
        results = run(arrays)

        def pull(cotangents: Sequence[Any]) -> list[Any]:
            pairs = [(r, c) for r, c in zip(results, cotangents, strict=True) if c is not None and r.requires_grad]
            wanted = [a for a in arrays if a.is_floating_point()]
            if not pairs:
                return [None] * len(wanted)
            given = [self._torch.tensor(c).to(r.dtype) for r, c in pairs]
            return list(self._torch.autograd.grad([r for r, _ in pairs], wanted, given, allow_unused=True))

        return results, pull


class Jax:
    """JAX: the tape is made by jax.vjp."""

    def __init__(self) -> None:
        self._jax: Any = _imported("jax")

    @contextmanager
    def precision(self, kind: str) -> Iterator[None]:
        before = self._jax.config.jax_enable_x64
        self._jax.config.update("jax_enable_x64", kind == DOUBLE)
        try:
            yield
        finally:
            self._jax.config.update("jax_enable_x64", before)

    def array(self, value: Any, kind: str) -> Any:
        made = np.asarray(value)
        return self._jax.numpy.asarray(made, dtype=kind if made.dtype.kind == "f" else None)

    def is_array(self, value: Any) -> bool:
        known = isinstance(value, self._jax.Array)
        return known and bool(self._jax.numpy.issubdtype(value.dtype, self._jax.numpy.floating))

    def numbers(self, value: Any) -> Any:
        return np.asarray(value if value.dtype == np.float64 else value.astype("float32"))

    def vjp(self, run: Run, arrays: Sequence[Any]) -> tuple[list[Any], Pull]:
        places = [i for i, a in enumerate(arrays) if self.is_array(a)]

        def of_floats(*floats: Any) -> list[Any]:
            whole = list(arrays)
            for place, value in zip(places, floats, strict=True):
                whole[place] = value
            return run(whole)

        results, pullback = self._jax.vjp(of_floats, *(arrays[i] for i in places))

        def pull(cotangents: Sequence[Any]) -> list[Any]:
            zero = self._jax.numpy.zeros_like
            given = [zero(r) if c is None else self._jax.numpy.asarray(c, r.dtype)
                     for r, c in zip(results, cotangents, strict=True)]
            return list(pullback(given))

        return results, pull


LIBRARIES: dict[str, Callable[[], Library]] = {"torch": Torch, "jax": Jax}


def library_of(function: Any) -> str:
    """The name of the library that a function is written for; "" for NumPy, "torch jax" where both could be."""
    if is_autograd(function):
        return "torch"
    if is_differentiated(function):
        return "jax"
    used = {_root(value) for value in getattr(inspect.unwrap(function), "__globals__", {}).values()}
    named = [name for name in LIBRARIES if name in used and name in sys.modules]
    return " ".join(named or [name for name in LIBRARIES if name in sys.modules and "numpy" not in used])


def is_differentiated(function: Any) -> bool:
    """Whether it brings a derivative of its own."""
    jax = sys.modules.get("jax")
    return is_autograd(function) or (jax is not None and isinstance(function, (jax.custom_vjp, jax.custom_jvp)))


def is_autograd(function: Any) -> bool:
    """Whether it is a torch.autograd.Function."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(function, type) and issubclass(function, torch.autograd.Function)


def _root(value: Any) -> str:
    name = getattr(value, "__name__", "") if inspect.ismodule(value) else getattr(value, "__module__", "")
    return name.partition(".")[0] if isinstance(name, str) else ""


def parameters(function: Any) -> list[inspect.Parameter]:
    """What is to be given to the function: for a torch.autograd.Function that is its `forward` without ctx."""
    if not is_autograd(function):
        return list(inspect.signature(function).parameters.values())
    found = list(inspect.signature(function.forward).parameters.values())
    apart = function.setup_context is not sys.modules["torch"].autograd.Function.setup_context
    return found if apart else found[1:]
