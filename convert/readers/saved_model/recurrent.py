# SPDX-License-Identifier: Apache-2.0
"""Functions that Keras marks as an LSTM: one operator instead of the loop inside."""

from __future__ import annotations

import numpy as np

from ...building import recurrent, shapes
from ...building.recurrent import Gates
from ...format.graph import Array, Tensor, signature
from ..protobuf import Record
from .graph_def import attributes
from .node import NOTHING, Node, Value


def fused(n: Node, function: Record, inputs: list[Value]) -> list[Value] | None:
    """The function's results: last output, outputs, last state, the cell (which is not known), and
    where it ran. None where it is something else, or begins with states that are not zeros."""
    found = attributes(function.attributes)
    mark = found.get("api_implements")
    if mark is None or mark.s is None or not bytes(mark.s).startswith(b"lstm_"):
        return None
    tensors = [t for t in inputs if isinstance(t, Tensor)]
    if len(inputs) != 6 or len(tensors) != 6 or len(function.signature.outputs) != 5:
        return None
    x, constants = tensors[0], [t.data for t in tensors[1:]]
    if len(x.shape) != 3 or any(c is None for c in constants):
        return None
    hidden, cell, kernel, again, bias = (np.asarray(c) for c in constants)
    units = again.shape[0] if again.ndim == 2 else 0
    if hidden.any() or cell.any() or kernel.ndim != 2 or again.shape != (units, 4 * units) or \
            kernel.shape[1] != 4 * units or bias.size not in (4 * units, 8 * units):
        return None
    flags = {name: bool(found[name].b) for name in ("time_major", "go_backwards") if name in found}
    biases = [np.split(b, 4) for b in np.split(bias.reshape(-1), bias.size // (4 * units))]
    zeros = [np.zeros(units, np.float32)] * 4
    gates = Gates(_matrices(kernel), _matrices(again), biases[0], (biases + [zeros])[1], [None] * 3)
    return _layer(n, x, gates, **flags)


def _matrices(joined: Array) -> list[Array]:
    return [np.ascontiguousarray(m.T) for m in np.split(joined, 4, axis=1)]


def _layer(n: Node, x: Tensor, gates: Gates, time_major: bool = False, go_backwards: bool = False
           ) -> list[Value]:
    time = 0 if time_major else 1
    if go_backwards:
        x = shapes.reverse(n.b, x, time)
    out = recurrent.lstm(n.b, x, gates, time_major)
    begin, end = np.zeros(time + 1, np.int64), np.zeros(time + 1, np.int64)
    begin[time] = -1
    mask = (1 << time) - 1
    last = shapes.strided_slice(n.b, out, begin, end, np.ones(time + 1, np.int64), {
        "begin_mask": mask, "end_mask": mask, "shrink_axis_mask": 1 << time})
    assert len(signature(last)) == 2
    return [last, out, last, NOTHING, NOTHING]
