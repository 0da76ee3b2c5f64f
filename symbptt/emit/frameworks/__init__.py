"""Code for array libraries with an engine of their own: whole-array formulas around `scan`, with our backward pass inside."""
