"""Stage 1: what a model is, and how a model file becomes one."""
