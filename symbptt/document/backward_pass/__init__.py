"""A backward pass to be written: what is given, what is asked for, and the solution, all cut out of the emitted module."""
