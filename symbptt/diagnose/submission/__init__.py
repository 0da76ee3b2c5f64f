"""Somebody's Python file: found out by its syntax tree, run in a process of its own, its arrays turned to ours."""
