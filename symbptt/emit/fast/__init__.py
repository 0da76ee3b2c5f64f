"""Fast NumPy code: a plan written with calls into buffers, and products over all steps."""
