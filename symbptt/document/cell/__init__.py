"""One step of a model as a graph of operations, walked backwards node by node: the graph, its layout, its picture."""
