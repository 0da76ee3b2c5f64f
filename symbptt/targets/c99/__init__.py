"""C99: one `.c` and one `.h` from a program."""
