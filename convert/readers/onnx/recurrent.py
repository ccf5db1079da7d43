# SPDX-License-Identifier: Apache-2.0
"""ONNX's LSTM, GRU and RNN."""

from __future__ import annotations

import functools

import numpy as np

from ...building import maths, recurrent, shapes
from ...building.recurrent import Gates
from ...format.graph import Array, ConvertError, Tensor, signature
from .node import Handler, Node

_KINDS = {"Sigmoid": "LOGISTIC", "Tanh": "TANH", "Relu": "RELU"}
_DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
# Where our gates stand among ONNX's: its order is input, output, forget, cell.
_GATES = {"LSTM": [0, 2, 3, 1], "GRU": [0, 1, 2], "RNN": [0]}


class _Layer:
    """The attributes of a node, and its weights by direction."""

    def __init__(self, n: Node) -> None:
        self.n = n
        kind = n.kind
        direction = n.text("direction", "forward")
        self.reversed = {"forward": [False], "reverse": [True],
                         "bidirectional": [False, True]}.get(direction)
        if self.reversed is None:
            raise ConvertError("has the direction '%s'" % direction)
        names = n.texts("activations") or _DEFAULTS[kind] * len(self.reversed)
        unknown = sorted(set(names) - set(_KINDS))
        if unknown or len(names) != len(_DEFAULTS[kind]) * len(self.reversed):
            raise ConvertError("has the activations %s" % ", ".join(names))
        self.activations = [_KINDS[a] for a in names]
        self.batch_first = bool(n.integer("layout", 0))
        if n.has(4) and (not n.value(4).constant or signature(n.plain(0))[
                int(self.batch_first)] != n.array(4).min(initial=1 << 30)):
            raise ConvertError("with sequences of different lengths is not supported")
        if n.real("clip", 0.0) or n.integer("input_forget", 0):
            raise ConvertError("with a clip or coupled gates is not supported")
        self.units = n.integer("hidden_size", n.array(2).shape[-1])

    def gates(self, direction: int) -> Gates:
        n, order = self.n, _GATES[self.n.kind]
        weights, hidden = (_part(n.array(i), direction, 2) for i in (1, 2))
        count, units = len(order), self.units
        bias = _part(n.array(3), direction, 1) if n.has(3) else np.zeros(
            2 * count * units, np.float32)
        if weights.shape[0] != count * units or hidden.shape != (count * units, units) or \
                bias.size != 2 * count * units or units < 1:
            raise ConvertError("has weights %s and %s for %d units"
                               % (list(weights.shape), list(hidden.shape), units))
        parts = [np.split(a, count) for a in
                 (weights, hidden, bias[:count * units], bias[count * units:])]
        peephole: list[Array | None] = [None] * 3
        if n.kind == "LSTM" and n.has(7):
            found = _part(n.array(7), direction, 1)
            if found.size != 3 * units:
                raise ConvertError("has %d weights of peepholes for %d units" % (found.size, units))
            peephole = [np.split(found, 3)[i] for i in (0, 2, 1)]
        w, r, first, second = ([p[i] for i in order] for p in parts)
        return Gates(w, r, first, second, peephole)

    def active(self, direction: int) -> list[str]:
        size = len(_DEFAULTS[self.n.kind])
        return self.activations[direction * size:(direction + 1) * size]


def _part(data: Array, direction: int, rank: int) -> Array:
    if data.ndim != rank + 1 or direction >= data.shape[0]:
        raise ConvertError("has weights of the shape %s" % list(data.shape))
    return np.asarray(data[direction])


def _recurrent(n: Node) -> None:
    layer = _Layer(n)
    x = n.plain(0)
    if len(x.shape) != 3:
        raise ConvertError("input %s is not [time, batch, features]" % list(signature(x)))
    if layer.batch_first:
        x = shapes.transpose(n.b, x, (1, 0, 2))
    assert layer.reversed is not None
    ys, hidden, cells = [], [], []
    for direction, backward in enumerate(layer.reversed):
        seen = shapes.reverse(n.b, x, 0) if backward else x
        y, states = _direction(n, layer, direction, seen)
        hidden.append(states[0])
        cells += states[1:]
        ys.append(shapes.reverse(n.b, y, 0) if backward else y)
    if n.wanted(0):
        out = shapes.concat(n.b, [shapes.expand(n.b, y, [1]) for y in ys], 1)
        n.put(shapes.transpose(n.b, out, (2, 0, 1, 3)) if layer.batch_first else out)
    for index, states in ((1, hidden), (2, cells)):
        if n.wanted(index):
            axis = int(layer.batch_first)
            n.put(shapes.concat(n.b, [shapes.expand(n.b, s, [axis]) for s in states], axis),
                  index=index)


def _direction(n: Node, layer: _Layer, direction: int, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """All outputs in time, and the last states."""
    gates, active = layer.gates(direction), layer.active(direction)
    fused = _fused(n, gates, active, x)
    if fused is not None:
        end = signature(x)[0]
        last = shapes.slice_box(n.b, fused, {0: (end - 1, end)}) if end > 0 else \
            shapes.strided_slice(n.b, fused, np.array([-1]), np.array([0]), np.array([1]),
                                 {"end_mask": 1})
        return fused, [shapes.squeeze(n.b, last, [0])]
    places = (5, 6) if n.kind == "LSTM" else (5,)
    states = [_initial(n, i, direction, x, gates.units) for i in places] if any(
        map(n.has, places)) else []
    if n.kind == "LSTM" and gates.peephole[0] is not None:
        raise ConvertError("with peepholes and a first state, or a use of the last cell, is not "
                           "supported")
    cell = _cell(n, gates, [functools.partial(maths.unary, n.b, kind) for kind in active])
    outputs = []
    for moment in recurrent.steps(n.b, x, 0, cell):
        states = cell.step(moment, states)
        outputs.append(states[0])
    return shapes.pack(n.b, outputs, 0), states


def _cell(n: Node, gates: Gates, active: list[recurrent.Function]) -> recurrent.Cell:
    if n.kind == "LSTM":
        return recurrent.lstm_cell(n.b, gates, *active)
    if n.kind == "GRU":
        after = bool(n.integer("linear_before_reset", 0))
        return recurrent.gru_cell(n.b, gates, after, *active)
    return recurrent.rnn_cell(n.b, gates, *active)


def _fused(n: Node, gates: Gates, active: list[str], x: Tensor) -> Tensor | None:
    """One operator, for what begins with zeros and whose cell nobody asks for."""
    zeros = all(not n.has(i) or (n.value(i).constant and not n.array(i).any())
                for i in ((5, 6) if n.kind == "LSTM" else (5,)))
    if not zeros or n.wanted(2) or signature(x)[0] == 1:
        return None
    if n.kind == "LSTM" and active == ["LOGISTIC", "TANH", "TANH"]:
        return recurrent.lstm(n.b, x, gates)
    if n.kind == "RNN" and active[0] in ("TANH", "RELU"):
        return recurrent.rnn(n.b, x, gates, active[0])
    return None


def _initial(n: Node, index: int, direction: int, x: Tensor, units: int) -> Tensor:
    if not n.has(index):
        return n.b.constant(np.zeros((x.shape[1], units), np.float32))
    state = n.plain(index)
    if len(state.shape) != 3:
        raise ConvertError("has a first state of the shape %s" % list(signature(state)))
    if n.integer("layout", 0):
        state = shapes.transpose(n.b, state, (1, 0, 2))
    part = shapes.slice_box(n.b, state, {0: (direction, direction + 1)})
    return shapes.squeeze(n.b, part, [0])


HANDLERS: dict[str, Handler] = {"GRU": _recurrent, "LSTM": _recurrent, "RNN": _recurrent}
