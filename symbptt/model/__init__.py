"""What a model is, and how a model file becomes one."""
