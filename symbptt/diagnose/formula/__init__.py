"""A formula with sums and products over steps, checked with numbers and, where it is wrong, repaired by one edit."""
