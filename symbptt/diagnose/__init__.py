"""Stage 7: somebody's backward pass, formula or published numbers, checked, with the cause named where they are wrong."""

from symbptt.diagnose import values as values
from symbptt.diagnose.causes import TABLE as TABLE
from symbptt.diagnose.causes import Cause as Cause
from symbptt.diagnose.check import gradients as gradients
from symbptt.diagnose.diagnosis import Diagnosis as Diagnosis
from symbptt.diagnose.findings import Finding as Finding
from symbptt.diagnose.foreign import code as code
from symbptt.diagnose.formula.check import check_formula as check_formula
from symbptt.diagnose.formula.check import formulas as formulas
