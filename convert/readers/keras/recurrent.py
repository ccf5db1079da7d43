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

MAX_STEPS = 1000  # of a layer that is written out step by step

# What a step makes of its projected input and the states before, which are [] at first.
Step = typing.Callable[[Tensors, Tensors], Tensors]


@dataclasses.dataclass
class Cell:
    """How many numbers each projection of the inputs has, made at once for all steps; and a step."""

    projections: list[tuple[Tensor, Tensor]]  # weights and bias
    step: Step


def _functions(c: Context) -> tuple[str, str]:
    return (activation_name(c, "activation", "tanh"),
            activation_name(c, "recurrent_activation", "sigmoid"))


class Weights:
    """Of a recurrent layer, with its gates side by side along the last axis."""

    def __init__(self, c: Context, inputs: int, gates: int, biases: int = 1) -> None:
        self.units = c.integer("units")
        self._context, self._names = c, ["kernel", "recurrent_kernel"]
        self._biased = c.flag("use_bias", True)
        self._names += ["bias"] * self._biased
        wide = gates * self.units
        self._shapes = {"kernel": [inputs, wide], "recurrent_kernel": [self.units, wide],
                        "bias": [wide] if biases == 1 else [biases, wide]}
        self._gates = gates

    def gates(self, name: str) -> list[Array]:
        shape = self._shapes[name]
        if name == "bias" and not self._biased:
            values = np.zeros(shape, np.float32)
        else:
            values = self._context.shaped(self._context.weights(*self._names)[name], shape, name)
        return np.split(values, self._gates, axis=-1)

    def tensor(self, name: str, parts: typing.Callable[[], list[Array]]) -> Tensor:
        """The parts above each other, as FULLY_CONNECTED has its weights."""
        def make() -> Array:
            return np.concatenate(parts(), -1).transpose()
        return self._context.constant(name, make)


def dense(b: Builder, x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    return maths.fully_connected(b, x, weights, bias)


# ---- cells ---------------------------------------------------------------------------------------


def _simple(c: Context, inputs: int) -> Cell:
    b, w = c.builder, Weights(c, inputs, 1)
    recurrent = w.tensor("recurrent", lambda: w.gates("recurrent_kernel"))

    def step(x: Tensors, states: Tensors) -> Tensors:
        total = x[0] if not states else maths.binary(b, "ADD", x[0], dense(b, states[0], recurrent))
        return [activate(b, total, _functions(c)[0], c.keras)]

    return Cell([(w.tensor("input", lambda: w.gates("kernel")),
                  w.tensor("bias", lambda: w.gates("bias")))], step)


def _lstm(c: Context, inputs: int) -> Cell:
    b, w = c.builder, Weights(c, inputs, 4)
    recurrent = w.tensor("recurrent", lambda: w.gates("recurrent_kernel"))
    act, gate = _functions(c)

    def step(x: Tensors, states: Tensors) -> Tensors:
        total = x[0] if not states else maths.binary(b, "ADD", x[0], dense(b, states[0], recurrent))
        i, f, g, o = shapes.split(b, total, [w.units] * 4, -1)
        added = maths.binary(b, "MUL", activate(b, i, gate, c.keras), activate(b, g, act, c.keras))
        if states:
            kept = maths.binary(b, "MUL", activate(b, f, gate, c.keras), states[1])
            added = maths.binary(b, "ADD", kept, added)
        opened = activate(b, o, gate, c.keras)
        return [maths.binary(b, "MUL", opened, activate(b, added, act, c.keras)), added]

    return Cell([(w.tensor("input", lambda: w.gates("kernel")),
                  w.tensor("bias", lambda: w.gates("bias")))], step)


def _gru(c: Context, inputs: int) -> Cell:
    # Those that do not say it are older than the setting.
    b, after = c.builder, c.flag("reset_after", False)
    w = Weights(c, inputs, 3, 2 if after else 1)
    act, gate = _functions(c)
    gates = w.tensor("recurrent_gates", lambda: w.gates("recurrent_kernel")[:2])
    news = w.tensor("recurrent_new", lambda: w.gates("recurrent_kernel")[2:])
    late = c.constant("late_bias", lambda: np.asarray(w.gates("bias")[2][1])) if after \
        else None

    def new(x: Tensor, reset: Tensor, states: Tensors) -> Tensor:
        """What the reset gate lets through of the state, added to the input's part."""
        if not states and late is None:
            return x
        if late is not None:
            old = maths.binary(b, "MUL", reset, dense(b, states[0], news, late) if states else late)
        else:
            old = dense(b, maths.binary(b, "MUL", reset, states[0]), news)
        return maths.binary(b, "ADD", x, old)

    def step(x: Tensors, states: Tensors) -> Tensors:
        total = x[0] if not states else maths.binary(b, "ADD", x[0], dense(b, states[0], gates))
        z, r = shapes.split(b, activate(b, total, gate, c.keras), [w.units] * 2, -1)
        fresh = activate(b, new(x[1], r, states), act, c.keras)
        if not states:
            return [maths.binary(b, "SUB", fresh, maths.binary(b, "MUL", z, fresh))]
        change = maths.binary(b, "MUL", z, maths.binary(b, "SUB", states[0], fresh))
        return [maths.binary(b, "ADD", fresh, change)]

    def bias(part: slice) -> list[Array]:
        """Those of the gates together; of the new state, that of the input."""
        found = w.gates("bias")[part]
        if not after:
            return found
        return [each.sum(axis=0) if part.start == 0 else each[0] for each in found]

    return Cell([(w.tensor("input_" + name, lambda p=part: w.gates("kernel")[p]),  # type: ignore
                  w.tensor("bias_" + name, lambda p=part: bias(p)))  # type: ignore
                 for name, part in (("gates", slice(0, 2)), ("new", slice(2, 3)))], step)


CELLS: dict[str, tuple[typing.Callable[[Context, int], Cell], int]] = {
    "GRU": (_gru, 1), "LSTM": (_lstm, 2), "SimpleRNN": (_simple, 1)}


# ---- layers --------------------------------------------------------------------------------------


def recurrent(kind: str) -> Convert:
    def convert(c: Context, inputs: Tensors) -> Tensors:
        x, states = inputs[0], inputs[1:] + c.named.get("initial_state", [])
        c.rank(x, 3)
        if c.flag("time_major", False):
            raise Unsupported("time_major is not supported")
        c.fixed(x, 2, "the number of its inputs")
        if states and len(states) != CELLS[kind][1]:
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
    if steps > MAX_STEPS:
        raise Unsupported("%d steps are too many to write out; %d are not" % (steps, MAX_STEPS))
    cell = CELLS[kind][0](c, x.shape[2])
    projected = [shapes.unpack(b, dense(b, x, *each), 1) for each in cell.projections]
    at_steps = [list(each) for each in zip(*projected)]
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


def _step(c: Context, cell: Cell, x: Tensors, states: Tensors, kept: Tensor | None,
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
    b, w = c.builder, Weights(c, x.shape[2], 4)
    if c.flag("go_backwards", False):
        x = shapes.reverse(b, x, 1)
    c.fixed(x, 0, "the batch")
    kernel, recurrents, biases = ([each.T for each in w.gates(name)]
                                  for name in ("kernel", "recurrent_kernel", "bias"))
    nothing = np.zeros(w.units, np.float32)
    gates = building.Gates(kernel, recurrents, biases, [nothing] * 4, [None] * 3)
    # Beyond a cell of 10, tanh is 1; TensorFlow's converter writes the limit, too.
    made = building.lstm(b, x, gates, time_major=False, cell_clip=10.0)
    return made if c.flag("return_sequences", False) else last_step(b, made)


def last_step(b: Builder, x: Tensor) -> Tensor:
    begin, end = np.array([0, -1, 0]), np.zeros(3, int)
    masks = {"begin_mask": 5, "end_mask": 7, "shrink_axis_mask": 2}
    return shapes.strided_slice(b, x, begin, end, np.ones(3, int), masks)


def rnn(c: Context, inputs: Tensors) -> Tensors:
    """A cell in a layer around it: what the layer of the cell's name is."""
    cell = make_layer(c.get("cell"), (), ())
    kind = cell.kind[:-len("Cell")] if cell.kind.endswith("Cell") else ""
    if kind not in CELLS:
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
                              **{kind: recurrent(kind) for kind in CELLS}}
