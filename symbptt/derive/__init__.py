"""The gradient in three forms: sum of products, backward recursion, nested recursion."""

from symbptt.derive.adjoint import AdjointSystem, adjoints
from symbptt.derive.direct import direct_routes
from symbptt.derive.nested import Sensitivities, sensitivities
from symbptt.derive.routes import Routes, single_routes
from symbptt.derive.sum_of_products import Gradient, Term, gradient

__all__ = [
    "AdjointSystem", "Gradient", "Routes", "Sensitivities", "Term", "adjoints", "direct_routes", "gradient",
    "sensitivities", "single_routes",
]
__dir__ = __all__.copy
