"""Functions whose gradients PyTorch or JAX read off: run in double and in low precision, and judged as anybody's are."""

from symbptt.diagnose.autodiff.judged import function as function
from symbptt.diagnose.autodiff.judged import package as package
from symbptt.diagnose.autodiff.runner import limits as limits
