"""The unrolled graph: which values a drawing shows, what flows between them, and where they stand."""
