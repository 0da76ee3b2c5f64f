"""Equality with scalar SymPy differentiation: proved at small sizes, or sampled in exact arithmetic."""

from symbptt.verify.exact.proof import prove as prove
