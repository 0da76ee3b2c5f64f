"""The things that the page can ask for, a function each; `table` has them by name."""
