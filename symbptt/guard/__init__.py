"""Foreign code runs behind this guard: a process of its own, with a narrow door.

`door` opens the process and talks with it, `wire` is what passes, `inside` is the process's beginning, and `protections` the
table of what the operating system refuses there. Nothing is imported here: the process begins with as little as possible.
"""
