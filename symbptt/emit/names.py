"""Python names for the variables of a model: readable, and never in each other's way."""

import builtins
import keyword
from dataclasses import dataclass, field

RESERVED = frozenset(
    {"np", "T", "N", "t", "loss", "parameters", "inputs", "states", "targets", "residuals", "outputs", "cotangents", "gradients"}
    | {"dtype", "weight", "weights", "mask", "forward", "backward", "value_and_grad", "dimensions", "name", "value", "self_check"}
    | {"PARAMETERS", "INPUTS", "STATES", "TARGETS", "BUFFERS", "STEPS", "moving_averages", "directions"}
    | set(keyword.kwlist) | set(keyword.softkwlist) | set(dir(builtins))
)


@dataclass
class Names:
    """Gives each key one identifier, the wished-for one unless it is taken."""

    taken: set[str] = field(default_factory=lambda: set(RESERVED))
    given: dict[str, str] = field(default_factory=dict)

    def of(self, key: str, wish: str | None = None) -> str:
        """The identifier of a key; the first call decides, with `wish` or the key itself."""
        if key not in self.given:
            name = wish or key
            while name in self.taken:
                name += "_"
            self.taken.add(name)
            self.given[key] = name
        return self.given[key]

    def own(self, word: str) -> str:
        """The identifier of a word that emitted code uses for itself: a variable of that name goes first, the word gets a `_`."""
        return self.of(f"own {word}", word)
