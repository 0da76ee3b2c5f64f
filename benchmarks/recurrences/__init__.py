"""Affine recurrences in every form: emitted step by step and in chunks, beside loops, scans and chunks in PyTorch and JAX."""
