"""Emitted code as a subject: anything that has the contract's functions, called with contract data."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from symbptt.data.values import Array, Arrays, Data
from symbptt.errors import BadInput, Disagreement
from symbptt.model.values import Model, Role, Variable
from symbptt.verify.library import call

FAULTS = (ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError, TypeError,
          ValueError)
"""What emitted or edited code raises when it is broken; anything else is not its fault."""


@dataclass(frozen=True)
class Emitted:
    """A module (or any namespace) with the functions of the contract, and the model that it claims to compute."""

    name: str
    module: Any
    model: Model

    def __post_init__(self) -> None:
        missing = [f for f in ("forward", "backward") if not callable(getattr(self.module, f, None))]
        if missing:
            raise BadInput(f"{self.name}: no function {' or '.join(missing)}; is it a module that symbptt emitted?")

    @property
    def has_loss(self) -> bool:
        """Whether the objective is the model's loss; otherwise it is <cotangents, outputs>."""
        return self.model.loss is not None

    @property
    def only_T(self) -> int | None:
        """The number of steps that a module is made for, if it does not serve any."""
        found = getattr(self.module, "STEPS", None)
        return found if isinstance(found, int) else None

    @property
    def takes_complex(self) -> bool:
        """Whether the functions take complex numbers, so that steps can be complex."""
        return not getattr(self.module, "REAL_ONLY", False)

    @property
    def takes_weights(self) -> bool:
        """Whether the loss can be masked, and its steps weighed."""
        named = signature(self.module.value_and_grad).parameters if self.has_loss else {}
        return {"mask", "weights"} <= set(named)

    def forward(self, data: Data, *, states: bool = True) -> tuple[Mapping[str, Array], Any]:
        """The outputs and the residuals."""
        initial = dict(data.states) if states else None
        outputs, residuals = self._pair("forward", dict(data.parameters), dict(data.inputs), initial)
        return self._arrays("forward", outputs), residuals

    def vjp(self, data: Data) -> dict[str, Array]:
        """The gradients of <cotangents, outputs>."""
        return self.pulled(data, self.forward(data)[1], data.cotangents)

    def pulled(self, data: Data, residuals: Any, cotangents: Arrays) -> dict[str, Array]:
        """The gradients of <cotangents, outputs> from the residuals of a forward pass on the same data."""
        return self._named(self._call("backward", dict(data.parameters), residuals, dict(cotangents)))

    def value(self, data: Data) -> complex:
        """The objective."""
        if self.has_loss:
            return complex(self._value_and_grad(data)[0])
        outputs, _ = self.forward(data)
        return complex(sum((np.sum(weight * outputs[name]) for name, weight in data.cotangents.items()), 0.0))

    def gradients(self, data: Data) -> dict[str, Array]:
        """The objective's gradients, by name.

        Raises Disagreement if a gradient has an unknown name or the functions fail on data of the contract.
        """
        return self._named(self._value_and_grad(data)[1]) if self.has_loss else self.vjp(data)

    def variable(self, name: str) -> Variable:
        """The variable that a gradient belongs to."""
        return self.model[name]

    def _value_and_grad(self, data: Data) -> tuple[Any, Mapping[str, Array]]:
        arguments = (dict(part) for part in data.groups)
        options = {name: value for name in ("mask", "weights") if (value := getattr(data, name)) is not None}
        loss, gradients = self._pair("value_and_grad", *arguments, **options)
        value = self._arrays("value_and_grad", {"the loss": loss})["the loss"]
        if value.size != 1:
            raise Disagreement(f"{self.name}: value_and_grad returns {value.size} numbers for the loss")
        return value.item(), gradients

    def _pair(self, function: str, *arguments: Any, **options: Any) -> tuple[Any, Any]:
        found = self._call(function, *arguments, **options)
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            raise Disagreement(f"{self.name}: {function} returns a {type(found).__name__}, not a pair")
        return found[0], found[1]

    def _arrays(self, function: str, given: Any) -> dict[str, Array]:
        """Numbers by name."""
        if not isinstance(given, Mapping):
            raise Disagreement(f"{self.name}: {function} returns a {type(given).__name__} where a dict of arrays belongs")
        arrays = {name: np.asarray(array) for name, array in given.items()}
        for name, array in arrays.items():
            if array.dtype.kind not in "biufc":
                raise Disagreement(f"{self.name}: {function} returns no numbers for {name}")
        return arrays

    def _named(self, given: Any) -> dict[str, Array]:
        gradients = self._arrays("backward", given)
        known = {v.name for v in self.model.of(Role.PARAMETER, Role.INPUT, Role.STATE)}
        if strange := sorted(set(gradients) - known):
            what = f"no parameter, input or state of {self.model.name}"
            raise Disagreement(f"{self.name}: a gradient for {strange[0]!r}, which is {what}")
        return gradients

    def _call(self, function: str, *arguments: Any, **options: Any) -> Any:
        if getattr(self.module, function, None) is None:
            raise BadInput(f"{self.name}: {self.model.name} has a loss, so the module must have {function}")
        try:
            return call(self.module, function, arguments, options)
        except FAULTS as fault:
            raise Disagreement(f"{self.name}: {function} fails: {type(fault).__name__}: {fault}") from fault
