"""A package of kernels as people write them: right ones, and each mistake once."""
