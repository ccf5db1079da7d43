# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers over [time, batch, features]: the format's fused operators where they compute
the same, and steps one after the other where not."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.graph import Array, ConvertError, Operator, Tensor, signature
from . import maths, shapes
from .builder import Builder

MOST_STEPS = 512


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


Step = typing.Callable[[Tensor, typing.List[Tensor]], typing.List[Tensor]]


def steps(b: Builder, x: Tensor, states: list[Tensor], step: Step) -> tuple[Tensor, list[Tensor]]:
    """Runs a step for each moment; the first of its states is its output."""
    count = signature(x)[0]
    if not 0 < count <= MOST_STEPS:
        raise ConvertError("%s steps cannot be written one after the other (at most %d, a known "
                           "number)" % (count if count > 0 else "an unknown number of", MOST_STEPS))
    made = []
    for moment in shapes.unpack(b, x, 0) if count > 1 else [shapes.squeeze(b, x, [0])]:
        states = step(moment, states)
        made.append(states[0])
    if count == 1:
        return shapes.expand(b, made[0], [0]), states
    return shapes.pack(b, made, 0), states


def _dense(b: Builder, x: Tensor, matrix: Tensor, bias: Tensor | None = None) -> Tensor:
    return maths.fully_connected(b, x, matrix, bias)


def lstm_step(b: Builder, g: Gates, activations: tuple[str, str, str]) -> Step:
    """As `lstm`, with states that are values of the graph: hidden, then cell."""
    # One product for all four gates.
    joined = _joined(b, g)
    inner, cell_kind, hidden_kind = activations

    def step(x: Tensor, states: list[Tensor]) -> list[Tensor]:
        hidden, cell = states
        both = maths.binary(b, "ADD", _dense(b, x, joined[0], joined[2]),
                            _dense(b, hidden, joined[1]))
        parts = shapes.split(b, both, [g.units] * 4, 1)
        i, f, o = (maths.unary(b, inner, parts[k]) for k in (0, 1, 3))
        new = maths.binary(b, "MUL", i, maths.unary(b, cell_kind, parts[2]))
        cell = maths.binary(b, "ADD", maths.binary(b, "MUL", f, cell), new)
        return [maths.binary(b, "MUL", o, maths.unary(b, hidden_kind, cell)), cell]
    return step


def _joined(b: Builder, g: Gates) -> tuple[Tensor, Tensor, Tensor]:
    bias = np.concatenate([g.bias(i) for i in range(len(g.inputs))])
    return (b.constant(np.concatenate(g.inputs)), b.constant(np.concatenate(g.recurrent)),
            b.constant(bias))


def gru_step(b: Builder, g: Gates, reset_after: bool, activations: tuple[str, str]) -> Step:
    """Gates in the order update, reset, new. h = update * h + (1 - update) * new."""
    w = [b.constant(m) for m in g.inputs]
    r = [b.constant(m) for m in g.recurrent]
    bias = [b.constant(g.bias(0)), b.constant(g.bias(1)),
            b.constant(g.input_bias[2] if reset_after else g.bias(2))]
    after = b.constant(g.recurrent_bias[2])
    inner, outer = activations

    def step(x: Tensor, states: list[Tensor]) -> list[Tensor]:
        h = states[0]
        update, reset = (maths.unary(b, inner, maths.binary(
            b, "ADD", _dense(b, x, w[i], bias[i]), _dense(b, h, r[i]))) for i in (0, 1))
        if reset_after:
            part = maths.binary(b, "MUL", reset, _dense(b, h, r[2], after))
        else:
            part = _dense(b, maths.binary(b, "MUL", reset, h), r[2])
        new = maths.unary(b, outer, maths.binary(b, "ADD", _dense(b, x, w[2], bias[2]), part))
        # new + update * (h - new): one multiplication less
        return [maths.binary(b, "ADD", new, maths.binary(
            b, "MUL", update, maths.binary(b, "SUB", h, new)))]
    return step


def rnn_step(b: Builder, g: Gates, activation: str) -> Step:
    w, r, bias = b.constant(g.inputs[0]), b.constant(g.recurrent[0]), b.constant(g.bias(0))

    def step(x: Tensor, states: list[Tensor]) -> list[Tensor]:
        return [maths.unary(b, activation, maths.binary(
            b, "ADD", _dense(b, x, w, bias), _dense(b, states[0], r)))]
    return step
