"""Fast NumPy code: statements for one step, rewritten by small passes, then written with buffers and products over all steps."""
