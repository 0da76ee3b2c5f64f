"""Assignments: a forward pass given, a backward pass to write, tests that give points by cause, for several graders."""
