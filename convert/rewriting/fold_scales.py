# SPDX-License-Identifier: Apache-2.0
"""What multiplies or adds one number for each channel becomes a part of the weights and the bias of
the layer before it, or of the one after it: batch normalization, biases, scaled inputs."""

from __future__ import annotations

import numpy as np

from ..format.graph import Array, Operator, Tensor
from .edit import Editor, constant, like, operand
from .fuse import plain

_ARITHMETIC = ("ADD", "SUB", "MUL", "DIV")
_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


def run(editor: Editor) -> None:
    for op in editor.operators():
        if op.kind in _ARITHMETIC and op.outputs[0].dtype == "FLOAT32" and operand(op):
            _merge(editor, op) or _into_previous(editor, op) or _into_next(editor, op)


def _affine(op: Operator) -> tuple[Array | float, Array | float] | None:
    """(scale, offset) by which the operator changes its operand; None where it divides by it."""
    found = operand(op)
    assert found is not None
    values, place = found[1].data, found[2]
    assert values is not None
    c = values.astype(np.float64)
    if op.kind == "ADD":
        return 1.0, c
    if op.kind == "MUL":
        return c, 0.0
    if op.kind == "SUB":
        return (1.0, -c) if place == 1 else (-1.0, c)
    return (1 / c, 0.0) if place == 1 and (c != 0).all() else None


def _per_channel(values: Array | float, channels: int) -> Array | None:
    """One number for each of the last dimension's indices."""
    array = np.asarray(values, np.float64)
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), [channels])
    return array.reshape(-1) if array.size == channels == array.shape[-1] else None


def _merge(editor: Editor, op: Operator) -> bool:
    """Two of a kind, one after the other."""
    found = operand(op)
    assert found is not None
    source, own, _ = found
    first = editor.producer(source, op.kind)
    if op.kind not in ("ADD", "MUL") or first is None or not plain(first):
        return False
    inner = operand(first)
    if inner is None or not editor.only_for(source, op):
        return False
    a, b = own.data, inner[1].data
    assert a is not None and b is not None
    if np.broadcast(a, b).size > max(a.size, b.size):
        return False
    both = a + b if op.kind == "ADD" else a * b
    editor.set_inputs(op, [inner[0], like(own, both)])
    return True


# ---- into the layer before -----------------------------------------------------------------------


def _output_axis(op: Operator) -> int:
    return 3 if op.kind == "DEPTHWISE_CONV_2D" else 0


def _places(op: Operator) -> tuple[int, int]:
    """Where a layer has its weights and its bias."""
    return (1, 3) if op.kind == "TRANSPOSE_CONV" else (1, 2)


def _into_previous(editor: Editor, op: Operator) -> bool:
    source, _, _ = operand(op) or (None, None, None)
    layer, change = editor.producer(source, *_WEIGHTED), _affine(op)
    if layer is None or change is None or not plain(layer) or not editor.only_for(source, op):
        return False
    weights = constant(layer.inputs[1])
    if weights is None or layer.inputs[1] is None or op.outputs[0].shape != layer.outputs[0].shape:
        return False
    channels = op.outputs[0].shape[-1]
    scale, offset = (_per_channel(each, channels) for each in change)
    moved = not np.all(change[0] == 1.0)
    if scale is None or offset is None or (moved and not editor.only_for(layer.inputs[1], layer)):
        return False
    if moved:
        _scale_weights(editor, layer, weights, scale)
    bias = _bias(layer, channels) * scale + offset
    _set_bias(editor, layer, bias, op.layer)
    editor.absorb(layer, op)
    return True


def _scale_weights(editor: Editor, layer: Operator, weights: Array, scale: Array) -> None:
    shape = [1] * weights.ndim
    shape[_output_axis(layer)] = -1
    old = layer.inputs[1]
    assert old is not None
    editor.set_input(layer, 1, like(old, (weights * scale.reshape(shape)).astype(np.float32)))


def _bias(layer: Operator, channels: int) -> Array:
    place = _places(layer)[1]
    values = constant(layer.inputs[place]) if place < len(layer.inputs) else None
    return np.zeros(channels) if values is None else values.astype(np.float64)


def _set_bias(editor: Editor, layer: Operator, values: Array, name: str) -> None:
    place = _places(layer)[1]
    old = layer.inputs[place] if place < len(layer.inputs) else None
    data = values.astype(np.float32)
    new = like(old, data) if old is not None else Tensor(name + "/bias", data.shape, data=data)
    editor.set_input(layer, place, new)


# ---- into the layer after ------------------------------------------------------------------------


def _into_next(editor: Editor, op: Operator) -> bool:
    layer, change = editor.sole_consumer(op.outputs[0]), _affine(op)
    found = operand(op)
    if layer is None or change is None or found is None or not plain(op) \
            or layer.kind not in _WEIGHTED[:3] or layer.inputs[0] is not op.outputs[0]:
        return False
    weights, old = constant(layer.inputs[1]), layer.inputs[1]
    if weights is None or old is None or found[0].shape != op.outputs[0].shape:
        return False
    channels = op.outputs[0].shape[-1]
    scale, offset = (_per_channel(each, channels) for each in change)
    if scale is None or offset is None or _inputs(layer, weights) != channels:
        return False
    if not _has_bias(layer) or not editor.only_for(old, layer) or (offset.any() and _pads(layer)):
        return False
    _apply_before(editor, layer, weights, scale, offset)
    editor.set_input(layer, 0, found[0])
    return True


def _apply_before(editor: Editor, layer: Operator, weights: Array, scale: Array,
                  offset: Array) -> None:
    old = layer.inputs[1]
    assert old is not None
    wide = weights.astype(np.float64)
    if layer.kind == "DEPTHWISE_CONV_2D":
        times = weights.shape[3] // len(scale)
        scale, offset = np.repeat(scale, times), np.repeat(offset, times)
        added = (wide * offset).sum(axis=(0, 1, 2))
    else:
        added = (wide * offset).reshape(len(weights), -1).sum(axis=1)
    _set_bias(editor, layer, _bias(layer, len(added)) + added, layer.layer)
    editor.set_input(layer, 1, like(old, (wide * scale).astype(np.float32)))


def _inputs(layer: Operator, weights: Array) -> int:
    """Channels of the input that the last axis of the weights stands for."""
    if layer.kind != "DEPTHWISE_CONV_2D":
        return int(weights.shape[-1])
    return int(weights.shape[3]) // int(layer.options.get("depth_multiplier", 1) or 1)


def _has_bias(layer: Operator) -> bool:
    """Or none at all: what is computed cannot be changed here."""
    given = layer.inputs[2] if len(layer.inputs) > 2 else None
    return given is None or constant(given) is not None


def _pads(layer: Operator) -> bool:
    """Whether zeros around the picture come in, to which nothing was added."""
    weights = layer.inputs[1]
    assert weights is not None
    return (layer.kind != "FULLY_CONNECTED" and layer.options.get("padding") == "SAME"
            and weights.shape[1] * weights.shape[2] > 1)
