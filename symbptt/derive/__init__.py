"""Stage 3: the gradient in three forms: sum of products, backward recursion, nested recursion."""

from symbptt.derive.adjoint import AdjointSystem as AdjointSystem
from symbptt.derive.adjoint import adjoints as adjoints
from symbptt.derive.direct import direct_routes as direct_routes
from symbptt.derive.nested import Sensitivities as Sensitivities
from symbptt.derive.nested import sensitivities as sensitivities
from symbptt.derive.routes import Routes as Routes
from symbptt.derive.routes import single_routes as single_routes
from symbptt.derive.sum_of_products import Gradient as Gradient
from symbptt.derive.sum_of_products import Term as Term
from symbptt.derive.sum_of_products import gradient as gradient
