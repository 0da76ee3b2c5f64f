"""Two models side by side: state Jacobians, their products, and whose gradient vanishes."""

from symbptt.document.kinds.kind import Kind
from symbptt.document.parts import closing, compared

KIND = Kind(
    (
        compared.check, compared.notation, compared.steps, compared.state_jacobians, compared.products, compared.sizes,
        closing.references,
    ),
    models=2,
)
