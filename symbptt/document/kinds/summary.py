"""One page: the equations forward, the gradient in its forms, and what to watch for."""

from symbptt.document.kinds.kind import Kind
from symbptt.document.parts import brief

KIND = Kind((brief.one_step, brief.step_forward, brief.factors, brief.sums, brief.values, brief.watch))
