"""The cycles of a graph: what a recurrence is made of."""

Edges = list[set[int]]
"""Of every node, the nodes that it needs."""


def waits(groups: list[list[int]], edges: Edges) -> Edges:
    """Of every component, those that it needs."""
    owner = {node: number for number, members in enumerate(groups) for node in members}
    return [{owner[needed] for node in members for needed in edges[node]} - {number} for number, members in enumerate(groups)]


def components(edges: Edges) -> list[list[int]]:
    """The strongly connected components (Tarjan 1972), each in ascending order."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    found: list[list[int]] = []
    for root in range(len(edges)):
        work = [(root, iter(sorted(edges[root])))] if root not in index else []
        while work:
            node, rest = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    found.append(sorted(stack[at:]))
                    del stack[at:]
            elif following not in index:
                work.append((following, iter(sorted(edges[following]))))
            elif following in stack:
                low[node] = min(low[node], index[following])
    return found
