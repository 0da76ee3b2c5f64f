"""Targets: a strict printer of scalars, statements, kernels and runtime files for each."""
