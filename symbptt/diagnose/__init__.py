"""Somebody's backward pass, formula or published numbers, checked, with the cause named where they are wrong."""

from symbptt.diagnose import autodiff, composed, values
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.check import gradients
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import Finding
from symbptt.diagnose.formula.check import check_formula, formulas
from symbptt.diagnose.submission import code

__all__ = ["Cause", "Diagnosis", "Finding", "autodiff", "check_formula", "code", "composed", "formulas", "gradients", "values"]
__dir__ = __all__.copy
