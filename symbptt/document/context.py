"""What a document is about and for whom: the input of every part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from sympy import HadamardProduct, MatMul

from symbptt.chunk import Chunked
from symbptt.compose import Chain
from symbptt.derive import step
from symbptt.document.customization import NOTHING, Customization
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import backward, derivation, forward
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.narrative.story import variables
from symbptt.narrative.values import Derivation
from symbptt.typeset.family import free


@dataclass(frozen=True)
class DocumentContext:
    """Models over T steps, derived by `wrt` (None for all parameters), told in one presentation.

    `solutions` says whether exercises come with them, `seed` which exercises are drawn; `own` is what the author adds;
    `analysis` names the parts of the measured section, all of them if it is empty; `full` asks for all that there is to say,
    and not for what a lesson needs; a
    `sheet` has exercises without the derivation that would answer them. `chunks` is the chunk form that the model is, None for
    a model as its author wrote it, `chunk` its number of tokens. `chain` is the composed model of which `models` are the members,
    each with a loss; None for any other model.
    """

    models: tuple[Model, ...]
    T: int
    wrt: tuple[str, ...] | str | None = None
    presentation: Presentation = ENGLISH
    solutions: bool = True
    seed: int = 0
    own: Customization = NOTHING
    analysis: tuple[str, ...] = ()
    full: bool = True
    sheet: bool = False
    chunks: Chunked | None = None
    chunk: int = 0
    chain: Chain | None = None

    @property
    def model(self) -> Model:
        """The model, or the first of several."""
        return self.models[0]

    @property
    def subjects(self) -> tuple[Model, ...]:
        """The models that a reader knows by name: of a composed one the first member stands for it."""
        return self.models if self.chain is None else self.models[:1]

    def each(self) -> tuple[DocumentContext, ...]:
        """The context of each of the models alone; a composed one is whole."""
        return (self,) if self.chain is not None else tuple(replace(self, models=(model,)) for model in self.models)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What is derived by; raises BadInput for a name that has no gradient."""
        return variables(self.model, self.wrt)

    @cached_property
    def letter(self) -> str | None:
        """The index of a family of equations, one letter for the whole document."""
        model, presentation = self.model, self.presentation
        told = (forward.equations(model, presentation), backward.node_form(model, presentation, self.variables))
        return free([step.equation for section in told for step in section.steps], model.beside)

    @cached_property
    def derivation(self) -> Derivation:
        """The whole derivation; raises BadInput as `narrative.derivation` does."""
        return derivation(self.model, self.T, self.wrt, self.presentation)

    @cached_property
    def main(self) -> Variable | None:
        """The parameter that examples are about: a shared one that multiplies a state, else one that reaches a state."""
        reaching = [v for v in self.variables if v.role is Role.PARAMETER and v.tied and step.immediate(self.model, v)]
        recurrent = [v for v in reaching if _multiplies_state(self.model, v)]
        return next(iter((*recurrent, *reaching)), None)


def _multiplies_state(model: Model, variable: Variable) -> bool:
    """Whether a parameter is a factor of a product with a state of the step before."""
    states = {s.name for s in model.states}
    products = [node for e in model.equations for node in e.value.atoms(MatMul, HadamardProduct) if variable.at() in node.args]
    return any(getattr(leaf, "name", "") in states for node in products for leaf in node.args)
