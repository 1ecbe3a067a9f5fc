"""
Leiden optimisation of modularity. Knows no database, no clock and no customers.

Traag, Waltman & van Eck, "From Louvain to Leiden: guaranteeing well-connected communities",
Scientific Reports 9, 5233 (2019), with the modularity of Reichardt & Bornholdt (2006):
Q = sum over communities of (inner weight / m) - resolution (strength / 2m)^2.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from math import exp
from random import Random
from typing import Any, Final

import attrs
import numpy as np
from scipy import sparse  # type: ignore[import-untyped, unused-ignore]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped, unused-ignore]

Array = np.ndarray[Any, Any]
ITERATIONS: Final = 10
RANDOMNESS: Final = 0.01
"""Of the refinement, in mean edge weights: how willingly it takes the second best."""
WORTH_GOING_ON: Final = 1e-4
"""Gain in modularity for which there is another iteration."""
_EQUAL: Final = 1e-12


@attrs.frozen(eq=False)
class Level:
    """
    A graph as lists, which a Python loop reads faster than arrays.

    Attributes:
        neighbours, weights: Of each node, without itself.
        strengths: Of each node: its edges' weights and twice those inside it.
        matrix: The symmetric matrix it was made of; inner weight is on its diagonal, twice.
    """

    neighbours: list[list[int]]
    weights: list[list[float]]
    strengths: list[float]
    matrix: Any

    @property
    def total(self) -> float:
        """Twice the weight of all edges."""
        return float(self.matrix.sum())


def level(matrix: Any) -> Level:
    """The symmetric sparse *matrix* as a level."""
    matrix = sparse.csr_array(matrix)
    matrix.sum_duplicates()
    plain = sparse.csr_array(matrix - sparse.diags_array(matrix.diagonal()))
    plain.eliminate_zeros()
    starts = plain.indptr.tolist()
    indices, data = plain.indices.tolist(), plain.data.tolist()
    spans = list(pairwise(starts))
    return Level(
        neighbours=[indices[a:b] for a, b in spans],
        weights=[data[a:b] for a, b in spans],
        strengths=np.asarray(matrix.sum(axis=1)).ravel().tolist(),
        matrix=matrix,
    )


def modularity(matrix: Any, labels: Sequence[int] | Array, resolution: float = 1.0) -> float:
    """
    Q of the partition *labels*, shape (n,), of the symmetric *matrix*, (n, n); 0 without edges.

    In [-1/2, 1] at resolution 1.
    """
    total = float(matrix.sum())
    if not total:
        return 0.0
    _, found = np.unique(np.asarray(labels), return_inverse=True)
    pairs = sparse.coo_array(matrix)
    inner = pairs.data[found[pairs.coords[0]] == found[pairs.coords[1]]].sum()
    strengths = np.bincount(found, weights=np.asarray(matrix.sum(axis=1)).ravel())
    return float(inner / total - resolution * np.sum((strengths / total) ** 2))


def leiden(
    matrix: Any,
    *,
    resolution: float = 1.0,
    seed: int = 0,
    start: Sequence[int] | Array | None = None,
) -> Array:
    """
    A partition of high modularity, every community of which is connected.

    Args:
        matrix: Symmetric, shape (n, n), weights at least 0, nothing on the diagonal.
        resolution: More of it, more and smaller communities.
        seed: The same seed and graph give the same partition.
        start: Labels to begin with, shape (n,); default: everybody alone.

    Returns:
        Labels, shape (n,): 0 is the largest community, ties go to the one with the first node.
    """
    matrix = sparse.csr_array(matrix, dtype=np.float64)
    count = matrix.shape[0]
    begun = np.arange(count) if start is None else np.asarray(start)
    _, labels = np.unique(begun, return_inverse=True)
    if not matrix.nnz:
        return np.arange(count)
    rng, quality, first = Random(seed), modularity(matrix, labels, resolution), level(matrix)  # noqa: S311
    for _ in range(ITERATIONS):
        found = _iterate(first, labels, resolution, rng)
        reached = modularity(matrix, found, resolution)
        gain = reached - quality
        if gain > _EQUAL:
            labels, quality = found, reached
        if gain < WORTH_GOING_ON:
            break
    return ordered(connected(matrix, labels))


def _iterate(first: Level, labels: Array, resolution: float, rng: Random) -> Array:
    """Moves, refinement and aggregation, until every community is one node."""
    graph, node_of = first, np.arange(len(labels))
    community = labels.tolist()
    while True:
        move(graph, community, resolution, rng)
        if len(set(community)) == len(community):
            return np.asarray(community)[node_of]
        refined = refine(graph, community, resolution, rng)
        kept, index, small = np.unique(refined, return_index=True, return_inverse=True)
        if len(kept) == len(community):
            return np.asarray(community)[node_of]
        community = [community[each] for each in index.tolist()]
        graph, node_of = aggregate(graph, small), small[node_of]
        community = np.unique(community, return_inverse=True)[1].tolist()


def move(graph: Level, community: list[int], resolution: float, rng: Random) -> None:
    """Move single nodes to where Q gains most, until none gains; changes *community*."""
    count, strengths = len(community), graph.strengths
    pull = resolution / graph.total
    totals, sizes = [0.0] * (count + 1), [0] * (count + 1)
    for each, strength in zip(community, strengths, strict=True):
        totals[each] += strength
        sizes[each] += 1
    empty = [each for each in range(count, -1, -1) if not sizes[each]]
    order = list(range(count))
    rng.shuffle(order)
    queue, waits = deque(order), bytearray(b"\1" * count)
    while queue:
        node = queue.popleft()
        waits[node] = 0
        left, strength = community[node], strengths[node]
        neighbours = graph.neighbours[node]
        links = {left: 0.0}
        for other, weight in zip(neighbours, graph.weights[node], strict=True):
            there = community[other]
            links[there] = links.get(there, 0.0) + weight
        totals[left] -= strength
        sizes[left] -= 1
        pulled, best = pull * strength, left
        most = links[left] - pulled * totals[left] + _EQUAL
        for there, weight in links.items():
            gain = weight - pulled * totals[there]
            if gain > most:
                best, most = there, gain
        if most < -_EQUAL and sizes[left]:
            best = empty.pop()
        totals[best] += strength
        sizes[best] += 1
        if best == left:
            continue
        community[node] = best
        if not sizes[left]:
            empty.append(left)
        for other in neighbours:
            if not waits[other] and community[other] != best:
                waits[other] = 1
                queue.append(other)


def refine(graph: Level, community: list[int], resolution: float, rng: Random) -> list[int]:
    """
    Merge nodes within each community, only where both sides are well connected to the rest of it.

    Returns:
        A finer partition, every part of which is connected.
    """
    totals, inward = [0.0] * (len(community) + 1), list[float]()
    strengths, pull = graph.strengths, resolution / graph.total
    scale = RANDOMNESS * graph.total / max(graph.matrix.nnz, 1)
    for node, each in enumerate(community):
        totals[each] += strengths[node]
        links = zip(graph.neighbours[node], graph.weights[node], strict=True)
        inward.append(sum(weight for other, weight in links if community[other] == each))
    refined, alone = list(range(len(community))), bytearray(b"\1" * len(community))
    inner, order = list(strengths), list(range(len(community)))
    rng.shuffle(order)
    for node in order:
        whole, strength = totals[community[node]], strengths[node]
        if not alone[node] or inward[node] < pull * strength * (whole - strength):
            continue
        near: dict[int, float] = {}
        for other, weight in zip(graph.neighbours[node], graph.weights[node], strict=True):
            if community[other] == community[node]:
                there = refined[other]
                near[there] = near.get(there, 0.0) + weight
        gains = {
            there: gain
            for there, weight in near.items()
            if (gain := weight - pull * strength * inner[there]) >= 0
            and inward[there] >= pull * inner[there] * (whole - inner[there])
        }
        if gains:
            there = _draw(gains, scale, rng)
            refined[node], alone[node], alone[there] = there, 0, 0
            inner[there] += strength
            inward[there] += inward[node] - 2 * near[there]
    return refined


def _draw(gains: dict[int, float], scale: float, rng: Random) -> int:
    most = max(gains.values())
    odds = [exp((gain - most) / scale) for gain in gains.values()]
    return rng.choices(list(gains), odds)[0]


def aggregate(graph: Level, labels: Array) -> Level:
    """Each part of *labels* (0 to the number of parts) as one node."""
    pairs = graph.matrix.tocoo()
    size = int(labels.max()) + 1
    places = (labels[pairs.coords[0]], labels[pairs.coords[1]])
    return level(sparse.coo_array((pairs.data, places), shape=(size, size)))


def connected(matrix: Any, labels: Array) -> Array:
    """The partition with each community cut into its connected parts; Q never falls by it."""
    pairs = sparse.coo_array(matrix)
    rows, columns = pairs.coords
    inside = labels[rows] == labels[columns]
    within = sparse.coo_array(
        (pairs.data[inside], (rows[inside], columns[inside])), shape=matrix.shape
    )
    parts: Array = connected_components(within, directed=False)[1]
    return parts


def ordered(labels: Array) -> Array:
    """The same partition, numbered by falling size, then by first node."""
    _, first, found, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(sizes), np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    result: Array = rank[found]
    return result
