"""What a variable or a dimension may be called."""

import builtins
import keyword
import re

from symbptt.model.place import Place

MAX_NAME = 32
"""The most characters of a name."""

PLAIN = "a name is an ASCII letter followed by letters, digits and _"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MEANINGS = {"T": "the number of steps", "N": "the number of samples", "t": "the step", "L": "the loss"}
_LIBRARIES = ("np", "jnp", "jax", "torch", "numpy", "math", "sys")
_CONTRACT = ("forward", "backward", "value_and_grad", "moving_averages", "BUFFERS", "PARAMETERS", "INPUTS", "STATES", "TARGETS")
_ARGUMENTS = ("parameters", "inputs", "states", "targets", "outputs", "residuals", "cotangents", "gradients", "loss")
_MODULE = frozenset((*_LIBRARIES, *_CONTRACT, *_ARGUMENTS))
_RESERVED = {
    "t": "it is reserved for the step",
    "complex": "it marks a complex variable, as in h = 'H complex'; a backward state is real",
}
"""What no dimension may be called, with the reason."""


def _form(name: str) -> str | None:
    """Why a name cannot be used for anything, or None."""
    if not _PLAIN.fullmatch(name):
        return PLAIN
    if len(name) > MAX_NAME:
        return f"a name has at most {MAX_NAME} characters"
    if keyword.iskeyword(name):
        return "it is a keyword of Python"
    if "__" in name or name.endswith("_"):
        return "a name has no double and no trailing underscore"
    return None


def _fault(name: str) -> str | None:
    """Why a name cannot be used for a variable, or None."""
    if fault := _form(name):
        return fault
    if name == "activation":
        return "it stands for the function that the file names as its activation"
    if name in _MEANINGS:
        return f"it is reserved for {_MEANINGS[name]}"
    if name in _MODULE:
        return "it is reserved for the emitted module"
    if hasattr(builtins, name):
        return "it is a built-in name of Python"
    return None


def usable(name: str) -> bool:
    """Whether a variable or a dimension may have this name."""
    return _fault(name) is None


def check(what: str, name: str, place: Place) -> str:
    """Return `name`; raise BadInput, saying why, if it cannot name a variable."""
    return _checked(what, name, _fault(name), place)


def check_dimension(name: str, place: Place) -> str:
    """The same for a dimension: N, T or sum are free, as code and derivation have symbols of their own for theirs."""
    return _checked("a dimension", name, _RESERVED.get(name) or _form(name), place)


def _checked(what: str, name: str, fault: str | None, place: Place) -> str:
    if fault:
        shown = name if len(name) <= MAX_NAME else name[:MAX_NAME] + "..."
        raise place.error(f"{shown!r} cannot name {what}: {fault}")
    return name
