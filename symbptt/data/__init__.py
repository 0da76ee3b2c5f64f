"""What all stages know about the arrays of a model, told once."""
