# SPDX-License-Identifier: Apache-2.0
"""LSTM operators in int8: int16 for what a cell remembers, one scale for what it gives and gets back."""

from __future__ import annotations

import dataclasses
import math
import typing

import numpy as np

from ..format.graph import Array, Operator, Quantization, Tensor
from . import weights as w

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
_GATES = ((1, 5, 12), (2, 6, 13), (3, 7, 14), (4, 8, 15))  # in, forget, cell, out: weights, bias
_OUTPUT_STATE, CELL_STATE = 18, 19
_LEFT_OUT = (9, 10, 11, 16, 17, 20, 21, 22, 23)  # peepholes, projection, normalization
_NAMES = ("input", "forget", "cell", "output")


def fits(op: Operator) -> bool:
    """Whether it is of the form that Keras has: all gates, constant weights, tanh."""
    if op.kind != LSTM or len(op.inputs) <= CELL_STATE:
        return False
    left_out = all(i >= len(op.inputs) or op.inputs[i] is None for i in _LEFT_OUT)
    constant = all(_is_constant(op.inputs[i]) for gate in _GATES for i in gate)
    return left_out and constant and op.options.get("fused_activation_function") == "TANH"


def _is_constant(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.data is not None and tensor.dtype == "FLOAT32"


def _data(op: Operator, i: int) -> Array:
    tensor = op.inputs[i]
    assert tensor is not None
    return np.asarray(tensor.data)


def cell_states(op: Operator, x: Array, y: Array) -> Array:
    """What the cells remember at each step, from inputs and outputs of the operator."""
    if not op.options.get("time_major"):
        x, y = x.swapaxes(0, 1), y.swapaxes(0, 1)
    before = np.concatenate([np.zeros_like(y[:1]), y[:-1]])
    gates = [x @ _data(op, i).T + before @ _data(op, r).T + _data(op, b) for i, r, b in _GATES]
    new = _sigmoid(gates[0]) * np.tanh(gates[2])
    forget, clip = _sigmoid(gates[1]), op.options.get("cell_clip") or np.inf
    cells = np.zeros_like(new)
    state = np.zeros_like(new[0]) if len(new) else new
    for step in range(len(new)):
        state = np.asarray(np.clip(forget[step] * state + new[step], -clip, clip))
        cells[step] = state
    return np.asarray(cells)


def _sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -80, 80))))


def corrected_biases(op: Operator, x: Array, y: Array) -> dict[int, Array]:
    """Biases, by position, that make up for what rounding the weights adds for those mean inputs and
    outputs."""
    found = {}
    for position, recurrent, bias in _GATES:
        gain = _gain(_data(op, position), x) + _gain(_data(op, recurrent), y)
        found[bias] = np.asarray(np.subtract(_data(op, bias), gain), np.float32)
    return found


def _gain(data: Array, mean: Array) -> Array:
    ints, quantization = w.quantized_weights(data, w.weight_scale(data, None), None)
    return np.asarray((w.real_values(ints, quantization) - data) @ mean)


def set_integers(op: Operator, inputs: list[typing.Any], output: Quantization,
                 greatest_cell: float, biases: dict[tuple[int, int], Array]) -> list[Tensor]:
    """Replaces weights, biases and states in `inputs`, the first of which is an integer tensor already;
    -> the intermediate tensors that the format wants."""
    step = float(inputs[0].quantization.scale[0])
    for position, recurrent, bias in _GATES:
        values = biases.get((id(op), bias), _data(op, bias))
        scale = _weights(op, inputs, position, values, step)
        _weights(op, inputs, recurrent, None, float(output.scale[0]))
        ints, quantization = w.quantized_bias(values, step, scale, "INT32")
        inputs[bias] = dataclasses.replace(inputs[bias], dtype="INT32", data=ints,
                                           quantization=quantization)
    inputs[_OUTPUT_STATE] = dataclasses.replace(inputs[_OUTPUT_STATE], dtype="INT8",
                                                quantization=output)
    inputs[CELL_STATE] = dataclasses.replace(inputs[CELL_STATE], dtype="INT16",
                                             quantization=_power_of_two(greatest_cell))
    name = op.outputs[0].name
    between = [Tensor(f"{name}_{gate}_intermediate", (0,)) for gate in _NAMES]
    return [*between, Tensor(f"{name}_hidden_intermediate", (0,), "INT8", None, output)]


def _weights(op: Operator, inputs: list[typing.Any], i: int, bias: Array | None, step: float
             ) -> Array:
    data = _data(op, i)
    scale = w.settle_scale(w.weight_scale(data, None), bias, step, "INT32")
    ints, quantization = w.quantized_weights(data, scale, None)
    inputs[i] = dataclasses.replace(inputs[i], dtype="INT8", data=ints, quantization=quantization)
    return scale


def _power_of_two(greatest: float) -> Quantization:
    """The cell state's: the specification wants a power of two."""
    exponent = math.ceil(math.log2(max(greatest, 2.0**-14)))
    scale = 2.0 ** (min(max(exponent, 0), 9) - 15)
    return Quantization(np.array([scale], np.float32), np.array([0]))
