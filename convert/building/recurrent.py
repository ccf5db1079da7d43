# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers: the format's fused operators where they compute the same, and steps one after the
other where not."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.graph import Array, ConvertError, Operator, Tensor, signature
from . import maths, shapes
from .builder import Builder

MOST_STEPS = 1024  # of a layer, and rounds of a loop, that are written out


@dataclasses.dataclass(eq=False)
class Gates:
    """Weights of one direction, one matrix [units, features] or [units, units] for each gate."""

    inputs: list[Array]
    recurrent: list[Array]
    input_bias: list[Array]
    recurrent_bias: list[Array]
    peephole: list[Array | None]

    @property
    def units(self) -> int:
        return int(self.recurrent[0].shape[0])

    def bias(self, gate: int) -> Array:
        return typing.cast(Array, self.input_bias[gate] + self.recurrent_bias[gate])


def _state(b: Builder, batch: int, units: int, what: str) -> Tensor:
    state = b.tensor((batch, units), "FLOAT32", "%s/%s" % (b.name, what))
    state.variable = True
    return state


def _fused(b: Builder, kind: str, inputs: list[Tensor | None], x: Tensor, units: int,
           options: dict[str, typing.Any]) -> Tensor:
    out = b.tensor(signature(x)[:2] + (units,), "FLOAT32")
    b.operators.append(Operator(kind, inputs, [out], options, layer=b.layer))
    return out


def lstm(b: Builder, x: Tensor, g: Gates, time_major: bool = True,
         cell_clip: float = 0.0) -> Tensor:
    """Gates in the order input, forget, cell, output; states begin as zeros."""
    batch = x.shape[1 if time_major else 0]
    matrices = [b.constant(m) for m in g.inputs + g.recurrent]
    biases = [b.constant(g.bias(i)) for i in range(4)]
    peephole = [None if p is None else b.constant(p) for p in g.peephole]
    inputs: list[Tensor | None] = [x, *matrices, *peephole, *biases, None, None,
                                   _state(b, batch, g.units, "output_state"),
                                   _state(b, batch, g.units, "cell_state")]
    options = {"fused_activation_function": "TANH", "cell_clip": cell_clip, "proj_clip": 0.0,
               "time_major": time_major, "asymmetric_quantize_inputs": False,
               "diagonal_recurrent_tensors": False}
    return _fused(b, "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs + [None] * 4, x, g.units, options)


def rnn(b: Builder, x: Tensor, g: Gates, activation: str) -> Tensor:
    inputs: list[Tensor | None] = [x, b.constant(g.inputs[0]), b.constant(g.recurrent[0]),
                                   b.constant(g.bias(0)), _state(b, x.shape[1], g.units, "state")]
    options = {"time_major": True, "fused_activation_function": activation,
               "asymmetric_quantize_inputs": False}
    return _fused(b, "UNIDIRECTIONAL_SEQUENCE_RNN", inputs, x, g.units, options)


# ---- step by step --------------------------------------------------------------------------------

Function = typing.Callable[[Tensor], Tensor]
Tensors = typing.List[Tensor]


@dataclasses.dataclass
class Cell:
    """What a layer multiplies its inputs with, at once for all steps, and what a step makes of these
    products and of the states before, which are [] where all are zeros."""

    projections: list[tuple[Tensor, Tensor]]  # weights and bias
    step: typing.Callable[[Tensors, Tensors], Tensors]


def _dense(b: Builder, x: Tensor, matrix: Tensor, bias: Tensor | None = None) -> Tensor:
    return maths.fully_connected(b, x, matrix, bias)


def _projection(b: Builder, g: Gates, gates: typing.Sequence[int]) -> tuple[Tensor, Tensor]:
    return (b.constant(np.concatenate([g.inputs[i] for i in gates])),
            b.constant(np.concatenate([g.bias(i) for i in gates])))


def _total(b: Builder, x: Tensor, states: Tensors, recurrent: Tensor) -> Tensor:
    return maths.binary(b, "ADD", x, _dense(b, states[0], recurrent)) if states else x


def lstm_cell(b: Builder, g: Gates, gate: Function, inner: Function, outer: Function) -> Cell:
    """As `lstm`, with states that are values of the graph: hidden, then cell."""
    recurrent = b.constant(np.concatenate(g.recurrent))

    def step(x: Tensors, states: Tensors) -> Tensors:
        total = _total(b, x[0], states, recurrent)
        i, f, new, o = shapes.split(b, total, [g.units] * 4, -1)
        cell = maths.binary(b, "MUL", gate(i), inner(new))
        if states:
            cell = maths.binary(b, "ADD", maths.binary(b, "MUL", gate(f), states[1]), cell)
        return [maths.binary(b, "MUL", gate(o), outer(cell)), cell]
    return Cell([_projection(b, g, range(4))], step)


def gru_cell(b: Builder, g: Gates, reset_after: bool, gate: Function, outer: Function) -> Cell:
    """Gates in the order update, reset, new. h = update * h + (1 - update) * new."""
    gates, news = b.constant(np.concatenate(g.recurrent[:2])), b.constant(g.recurrent[2])
    late = b.constant(g.recurrent_bias[2]) if reset_after else None

    def new(x: Tensor, reset: Tensor, states: Tensors) -> Tensor:
        """What the reset gate lets through of the state, added to the input's part."""
        if not states:
            return x if late is None else maths.binary(
                b, "ADD", x, maths.binary(b, "MUL", reset, late))
        if late is not None:
            old = maths.binary(b, "MUL", reset, _dense(b, states[0], news, late))
        else:
            old = _dense(b, maths.binary(b, "MUL", reset, states[0]), news)
        return maths.binary(b, "ADD", x, old)

    def step(x: Tensors, states: Tensors) -> Tensors:
        update, reset = shapes.split(b, gate(_total(b, x[0], states, gates)), [g.units] * 2, -1)
        fresh = outer(new(x[1], reset, states))
        if not states:
            return [maths.binary(b, "SUB", fresh, maths.binary(b, "MUL", update, fresh))]
        # new + update * (h - new): one multiplication less
        change = maths.binary(b, "MUL", update, maths.binary(b, "SUB", states[0], fresh))
        return [maths.binary(b, "ADD", fresh, change)]

    bias = g.input_bias[2] if reset_after else g.bias(2)
    return Cell([_projection(b, g, (0, 1)), (b.constant(g.inputs[2]), b.constant(bias))], step)


def rnn_cell(b: Builder, g: Gates, activation: Function) -> Cell:
    recurrent = b.constant(g.recurrent[0])

    def step(x: Tensors, states: Tensors) -> Tensors:
        return [activation(_total(b, x[0], states, recurrent))]
    return Cell([_projection(b, g, (0,))], step)


def steps(b: Builder, x: Tensor, axis: int, cell: Cell) -> list[Tensors]:
    """What a cell is given at each step along an axis."""
    count = signature(x)[axis]
    if not 0 < count <= MOST_STEPS:
        raise ConvertError("%s steps cannot be written one after the other (at most %d, a known "
                           "number)" % (count if count > 0 else "an unknown number of", MOST_STEPS))
    columns = [shapes.unpack(b, _dense(b, x, *each), axis) for each in cell.projections]
    return [list(row) for row in zip(*columns)]
