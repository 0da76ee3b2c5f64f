"""Emitted gradients compared with routes that share no code with them."""

from symbptt.verify.chunk_form import in_chunks
from symbptt.verify.exact import prove
from symbptt.verify.report import Check, Report
from symbptt.verify.run import file, gradients

__all__ = ["Check", "Report", "file", "gradients", "in_chunks", "prove"]
__dir__ = __all__.copy
