# SPDX-License-Identifier: Apache-2.0
"""Keras' recurrent layers: an LSTM as the format's own operator where that computes the same, all
others step by step."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ...building import maths, recurrent as building, shapes
from ...building.builder import Builder
from ...format.graph import Array, ConvertError, Tensor, signature
from .activations import activate
from .config import Layer, make_layer
from .context import Context, Convert, Unsupported
from .dense import Tensors, activation_name

# How many gates each kind has, and how many states.
KINDS = {"GRU": (3, 1), "LSTM": (4, 2), "SimpleRNN": (1, 1)}


def _gates(c: Context, kind: str, inputs: int) -> building.Gates:
    """Keras has the gates side by side along the last axis, in the order of building.Gates."""
    count, units = KINDS[kind][0], c.integer("units")
    biased = c.flag("use_bias", True)
    found = c.weights(*["kernel", "recurrent_kernel", "bias"][:2 + biased])

    def split(name: str, *shape: int) -> list[Array]:
        parts = np.split(c.shaped(found[name], (*shape, count * units), name), count, axis=-1)
        return [np.ascontiguousarray(each.T) for each in parts]

    early = late = [np.zeros(units, np.float32)] * count
    # Those that do not say it are older than the setting.
    if biased and kind == "GRU" and c.flag("reset_after", False):
        early, late = zip(*(each.T for each in split("bias", 2)))  # type: ignore[assignment]
    elif biased:
        early = split("bias")
    kernels, again = split("kernel", inputs), split("recurrent_kernel", units)
    return building.Gates(kernels, again, list(early), list(late), [None] * 3)


def _cell(c: Context, kind: str, inputs: int) -> building.Cell:
    b, gates = c.builder, _gates(c, kind, inputs)

    def function(key: str, otherwise: str) -> building.Function:
        name = activation_name(c, key, otherwise)
        return lambda x: activate(b, x, name, c.keras)

    outer = function("activation", "tanh")
    if kind == "SimpleRNN":
        return building.rnn_cell(b, gates, outer)
    gate = function("recurrent_activation", "sigmoid")
    if kind == "GRU":
        return building.gru_cell(b, gates, c.flag("reset_after", False), gate, outer)
    return building.lstm_cell(b, gates, gate, outer, outer)


# ---- layers --------------------------------------------------------------------------------------


def recurrent(kind: str) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensors:
        x, states = inputs[0], inputs[1:] + c.named.get("initial_state", [])
        c.rank(x, 3)
        if c.flag("time_major", False):
            raise Unsupported("time_major is not supported")
        c.fixed(x, 2, "the number of its inputs")
        if states and len(states) != KINDS[kind][1]:
            raise ConvertError("is given %d initial states" % len(states))
        if c.mask is not None and c.flag("return_sequences", False):
            c.made_mask = c.mask
        if is_fused(c.layer) and not states and c.mask is None:
            return [_fused_lstm(c, x)]
        if c.flag("stateful", False):
            raise Unsupported("stateful is only supported by an LSTM with tanh and sigmoid, and "
                              "without a mask")
        return _unrolled(c, x, kind, states)
    return convert


def is_fused(layer: Layer) -> bool:
    """Whether an LSTM is what the format's operator computes, which runs one sequence at a time."""
    get = layer.config.get
    names = [value.get("config") if isinstance(value, dict) else value for value in
             (get("activation", "tanh"), get("recurrent_activation", "sigmoid"))]
    return layer.kind == "LSTM" and names == ["tanh", "sigmoid"] and not get("return_state") \
        and len(layer.calls[0].inputs if layer.calls else []) < 2 \
        and not any("initial_state" in call.named for call in layer.calls)


def _unrolled(c: Context, x: Tensor, kind: str, states: Tensors) -> Tensors:
    b, steps = c.builder, c.fixed(x, 1, "the number of steps")
    if steps > building.MOST_STEPS:
        raise Unsupported("%d steps are too many to write out; %d are not"
                          % (steps, building.MOST_STEPS))
    cell = _cell(c, kind, x.shape[2])
    at_steps = building.steps(b, x, 1, cell)
    mask = c.kept_steps()
    there: list[Tensor | None] = [None] * steps if mask is None else [*shapes.unpack(b, mask, 1)]
    if c.flag("go_backwards", False):
        at_steps.reverse()
        there.reverse()
    outputs: Tensors = []
    for at_step, kept in zip(at_steps, there):
        output, states = _step(c, cell, at_step, states, kept, outputs)
        outputs.append(output)
    result = shapes.pack(b, outputs, 1) if c.flag("return_sequences", False) else outputs[-1]
    return [result] + states * c.flag("return_state", False)


def _step(c: Context, cell: building.Cell, x: Tensors, states: Tensors, kept: Tensor | None,
          outputs: Tensors) -> tuple[Tensor, Tensors]:
    """A step that is left out changes no state, and gives what the one before it gave, or zeros."""
    made = cell.step(x, states)
    if kept is None:
        return made[0], made
    b = c.builder
    nothing = b.constant(np.zeros((1, made[0].shape[-1]), np.float32))
    before = nothing if not outputs or c.flag("zero_output_for_mask", False) else outputs[-1]
    new = [maths.select(b, kept, after, old)
           for after, old in zip(made, states or [nothing] * len(made))]
    output = maths.select(b, kept, made[0], before)
    return output, new


def _fused_lstm(c: Context, x: Tensor) -> Tensor:
    b = c.builder
    if c.flag("go_backwards", False):
        x = shapes.reverse(b, x, 1)
    c.fixed(x, 0, "the batch")
    # Beyond a cell of 10, tanh is 1; TensorFlow's converter writes the limit, too.
    made = building.lstm(b, x, _gates(c, "LSTM", x.shape[2]), time_major=False, cell_clip=10.0)
    return made if c.flag("return_sequences", False) else last_step(b, made)


def last_step(b: Builder, x: Tensor) -> Tensor:
    begin, end = np.array([0, -1, 0]), np.zeros(3, int)
    masks = {"begin_mask": 5, "end_mask": 7, "shrink_axis_mask": 2}
    return shapes.strided_slice(b, x, begin, end, np.ones(3, int), masks)


def rnn(c: Context, inputs: Tensors) -> Tensors:
    """A cell in a layer around it: what the layer of the cell's name is."""
    cell = make_layer(c.get("cell"), (), ())
    kind = cell.kind[:-len("Cell")] if cell.kind.endswith("Cell") else ""
    if kind not in KINDS:
        raise Unsupported("a cell of class %s is not supported" % cell.kind)
    config = dict(c.layer.config, **cell.config)
    return _run(c, dataclasses.replace(c.layer, kind=kind, config=config), c.arrays, inputs)


def _run(c: Context, layer: Layer, arrays: typing.Any, inputs: Tensors) -> Tensors:
    assert c.apply is not None
    return c.apply(layer, arrays, inputs)


def bidirectional(c: Context, inputs: Tensors) -> Tensors:
    b, half = c.builder, len(c.arrays) // 2
    there, back = directions(c.layer)
    if c.named.get("initial_state") or len(inputs) != 1:
        raise Unsupported("initial states are not supported")
    forward = _run(c, there, c.arrays[:half], inputs)
    backward = _run(c, back, c.arrays[half:], inputs)
    if c.mask is not None and there.config.get("return_sequences"):
        c.made_mask = c.mask
    y, z = forward[0], backward[0]
    if there.config.get("return_sequences"):
        z = shapes.reverse(b, z, 1)
    return _joined(c, y, z) + forward[1:] + backward[1:]


def directions(layer: Layer) -> tuple[Layer, Layer]:
    there = make_layer(layer.config.get("layer"), layer.place, layer.attributes)
    given = layer.config.get("backward_layer")
    back = make_layer(given or layer.config.get("layer"), layer.place, layer.attributes)
    if not given:
        back.config = dict(back.config, go_backwards=not back.config.get("go_backwards", False))
    return there, back


def _joined(c: Context, y: Tensor, z: Tensor) -> Tensors:
    b, mode = c.builder, c.get("merge_mode", "concat")
    if mode is None:
        return [y, z]
    if mode == "concat":
        return [shapes.concat(b, [y, z], -1)]
    kinds = {"sum": "ADD", "ave": "ADD", "mul": "MUL"}
    if not isinstance(mode, str) or mode not in kinds:
        raise Unsupported("merge_mode %s is not supported" % mode)
    made = maths.binary(b, kinds[mode], y, z)
    return [maths.binary(b, "MUL", made, 0.5) if mode == "ave" else made]


LAYERS: dict[str, Convert] = {"Bidirectional": bidirectional, "RNN": rnn,
                              **{kind: recurrent(kind) for kind in KINDS}}
