# SPDX-License-Identifier: Apache-2.0
"""From the values that a tensor takes to the range that its integers cover.

A histogram is filled in one pass: when a value leaves it, it becomes twice as wide.
"""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.graph import Array, ConvertError

BINS = 8192
MIN_MAX, PERCENTILE, MSE, KL = METHODS = ("min-max", "percentile", "mse", "kl")
_ENOUGH = 1 << 16  # values of one tensor and sample that a histogram counts
_STEPS = (1, 7, 13, 31, 61, 127, 251, 509, 1021)
_FINE_BINS = 4  # of a histogram, for each level of the integers
_CANDIDATES = np.linspace(0.28, 1.0, 37)  # shares of the whole range that are tried


def _some(values: Array) -> Array:
    """As many of them as a histogram needs, from everywhere: primes miss no channel."""
    step = next((step for step in _STEPS if values.size // step <= _ENOUGH), _STEPS[-1])
    return values[::step]


@dataclasses.dataclass
class Range:
    """The least and the greatest value, and how often each between them, when asked for."""

    low: float = np.inf
    high: float = -np.inf
    counts: Array | None = None
    width: float = 0.0  # the bins cover -width .. width

    def add(self, values: Array, histogram: bool) -> None:
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ConvertError("values are not finite")
        self.low, self.high = min(self.low, low), max(self.high, high)
        if histogram:
            self._count(_some(values.reshape(-1)), max(-low, high))

    def _count(self, values: Array, greatest: float) -> None:
        if self.counts is None:
            self.counts, self.width = np.zeros(BINS, np.int64), max(greatest, 1e-30)
        while greatest > self.width:
            self._widen()
        bins = ((values + self.width) * (BINS / 2 / self.width)).astype(np.int64)
        self.counts += np.bincount(np.minimum(np.maximum(bins, 0), BINS - 1), minlength=BINS)

    def _widen(self) -> None:
        assert self.counts is not None
        pairs = self.counts.reshape(-1, 2).sum(axis=1)
        self.counts = np.zeros(BINS, np.int64)
        self.counts[BINS // 4:BINS * 3 // 4] = pairs
        self.width *= 2

    @property
    def empty(self) -> bool:
        return self.low > self.high

    def merge(self, other: Range) -> None:
        """Takes in what another range has seen."""
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        if other.counts is None:
            return
        if self.counts is None:
            self.counts, self.width = other.counts.copy(), other.width
            return
        wider, narrower = (self, other) if self.width >= other.width else (other, self)
        centers = narrower.centers()
        bins = ((centers + wider.width) * (BINS / 2 / wider.width)).astype(np.int64)
        assert wider.counts is not None and narrower.counts is not None
        moved = np.bincount(np.clip(bins, 0, BINS - 1), narrower.counts, BINS).astype(np.int64)
        self.counts, self.width = wider.counts + moved, wider.width

    def centers(self) -> Array:
        return (np.arange(BINS) + 0.5) * (2 * self.width / BINS) - self.width


def chosen(seen: Range, method: str, levels: int, percentile: float, symmetric: bool
           ) -> tuple[float, float]:
    """The range to cover, zero included: -> low, high."""
    if seen.empty:
        return 0.0, 0.0
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    if symmetric:
        low, high = -max(-low, high), max(-low, high)
    if method == MIN_MAX or seen.counts is None or low == high:
        return low, high
    if method == PERCENTILE:
        return _percentile(seen, percentile, low, high)
    cost = _squared_error if method == MSE else _divergence
    return _least(seen, cost, levels, low, high)


def _percentile(seen: Range, percentile: float, low: float, high: float) -> tuple[float, float]:
    """All but the outermost values on either side."""
    assert seen.counts is not None
    total = np.cumsum(seen.counts) / max(1, seen.counts.sum())
    tail = (100 - percentile) / 100
    centers = seen.centers()
    first = centers[min(int(np.searchsorted(total, tail, "right")), BINS - 1)]
    last = centers[min(int(np.searchsorted(total, 1 - tail)), BINS - 1)]
    return max(low, min(float(first), 0.0)), min(high, max(float(last), 0.0))


Cost = typing.Callable[[Array, Array, float, float, int], float]


def _least(seen: Range, cost: Cost, levels: int, low: float, high: float) -> tuple[float, float]:
    """The range with the least cost: one side is narrowed, then the other."""
    assert seen.counts is not None
    used = seen.counts > 0
    counts, centers = seen.counts[used], seen.centers()[used]
    best_low, best_high = low, high
    best = cost(counts, centers, low, high, levels)
    for side in ("both", "low", "high"):
        start_low, start_high = best_low, best_high
        for share in _CANDIDATES[:-1]:
            try_low = start_low * share if side != "high" else start_low
            try_high = start_high * share if side != "low" else start_high
            found = cost(counts, centers, try_low, try_high, levels)
            if found < best:
                best, best_low, best_high = found, try_low, try_high
    return best_low, best_high


def _squared_error(counts: Array, centers: Array, low: float, high: float, levels: int) -> float:
    step = max((high - low) / (levels - 1), 1e-38)
    nearest = np.clip(np.round((centers - low) / step), 0, levels - 1) * step + low
    return float((counts * (centers - nearest) ** 2).sum())


def _divergence(counts: Array, centers: Array, low: float, high: float, levels: int) -> float:
    """Kullback and Leibler's: what is lost of the distribution when its integers stand for it. What
    lies outside counts at the edges. Histograms of few values are smoothed: a finer one shows no more
    than chance."""
    first, last = float(centers[0]), float(centers[-1])
    bins = _FINE_BINS * levels
    if bins < counts.size:
        place = ((centers - first) * ((bins - 1) / (last - first))).astype(np.int64)
        counts, centers = np.bincount(place, counts, bins), np.linspace(first, last, bins)
    inside = (centers >= low) & (centers <= high)
    if not inside.any():
        return np.inf
    step = max((high - low) / (levels - 1), 1e-38)
    level = np.round((centers[inside] - low) / step).astype(np.int64)
    p = counts[inside].astype(np.float64)
    held = np.bincount(level, p, levels)
    bins_of = np.bincount(level, p > 0, levels)
    q = np.where(p > 0, held[level] / np.maximum(bins_of[level], 1), 0)
    p[0] += counts[centers < low].sum()
    p[-1] += counts[centers > high].sum()
    p, q = p / p.sum(), q / max(q.sum(), 1e-38)
    return float((p * np.log(np.maximum(p, 1e-38) / np.maximum(q, 1e-38))).sum())
