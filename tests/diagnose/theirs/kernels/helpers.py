"""What the kernels share."""


def slope(h):
    return 1 - h**2
