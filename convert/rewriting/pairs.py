# SPDX-License-Identifier: Apache-2.0
"""Operators between a DEQUANTIZE and a QUANTIZE become integer ones: what a model says that was
quantized where it was trained. What the format cannot compute so stays between them."""

from __future__ import annotations

import numpy as np

from ..format.graph import Array, Operator, Quantization, Subgraph, Tensor
from ..quantization.op_rules import (FIXED, INT8, RULES, SAME, can_run, real_inputs, real_outputs,
                                     weights_of)
from .edit import Editor

# What only moves values, and may do so before or after they change their type.
_MOVES = ("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS")
_NEAR = 1e-3  # how far from an integer a weight may be, in steps of its scale


def run(subgraph: Subgraph) -> None:
    editor = Editor(subgraph)
    for op in editor.operators():
        if op.kind == "QUANTIZE":
            _signed(editor, op)
    for op in editor.operators():
        if op.kind in _MOVES:
            _dequantize_later(editor, op)
    for op in reversed(list(editor.operators())):
        if op.kind in _MOVES:
            _quantize_sooner(editor, op)
    editor.commit()
    editor = Editor(subgraph)
    for op in editor.operators():
        if can_run(op, INT8):
            _integers(editor, op)
    editor.commit()


def _signed(editor: Editor, op: Operator) -> None:
    """From 0 to 255 is from -128 to 127, with another zero point."""
    x = op.outputs[0]
    if x.dtype == "UINT8" and x.quantization is not None and not editor.returned(x) and all(
            each.kind == "DEQUANTIZE" for each in editor.consumers(x)):
        x.dtype = INT8
        x.quantization = Quantization(x.quantization.scale, x.quantization.zero_point - 128)


def _dequantize_later(editor: Editor, op: Operator) -> None:
    source, after = _source(editor, op.inputs[0]), op.outputs[0]
    if source is None:
        return
    op.outputs[0] = Tensor(after.name + "/integers", after.shape, INT8, None, source.quantization,
                           after.shape_signature)
    editor.set_input(op, 0, source)
    editor.made(op, op.outputs[0])
    editor.insert_after(op, Operator("DEQUANTIZE", [op.outputs[0]], [after], layer=op.layer))


def _quantize_sooner(editor: Editor, op: Operator) -> None:
    before, result = op.inputs[0], _result(editor, op.outputs[0])
    maker = editor.producer(before)
    if result is None or before is None or maker is None or maker.kind == "DEQUANTIZE":
        return
    integers = Tensor(before.name + "/integers", before.shape, INT8, None, result.quantization,
                      before.shape_signature)
    editor.insert_after(maker, Operator("QUANTIZE", [before], [integers], layer=op.layer))
    editor.set_input(op, 0, integers)
    _take(editor, op, 0, result)


def _integers(editor: Editor, op: Operator) -> None:
    places = real_inputs(op)
    inputs = [_source(editor, op.inputs[place]) for place in places]
    outputs = [_result(editor, op.outputs[place]) for place in real_outputs(op)]
    known = [t for t in inputs if t is not None]
    made = [t for t in outputs if t is not None]
    if len(known) < len(inputs) or len(made) < len(op.outputs) or not _allowed(op, known, made):
        return
    constants = _constants(op, known[0]) if weights_of(op) is not None else {}
    if constants is None:
        return
    for place, tensor in [*zip(places, known), *constants.items()]:
        editor.set_input(op, place, tensor)
    for place, tensor in enumerate(made):
        _take(editor, op, place, tensor)


def _source(editor: Editor, tensor: Tensor | None) -> Tensor | None:
    """The integers that an input comes from."""
    maker = editor.producer(tensor, "DEQUANTIZE")
    found = maker.inputs[0] if maker is not None else None
    return found if found is not None and _plain(found) else None


def _result(editor: Editor, tensor: Tensor) -> Tensor | None:
    """The integers that all who read an output want, where they want the same."""
    readers = editor.consumers(tensor)
    if not readers or editor.returned(tensor) or any(r.kind != "QUANTIZE" for r in readers):
        return None
    found = readers[0].outputs[0]
    return found if _plain(found) and all(_alike(r.outputs[0], found) for r in readers) else None


def _plain(tensor: Tensor) -> bool:
    return tensor.dtype == INT8 and tensor.quantization is not None and \
        tensor.quantization.scale.size == 1


def _parameters(tensor: Tensor) -> tuple[float, int]:
    assert tensor.quantization is not None
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zero_point[0])


def _alike(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and a.quantization is not None and _parameters(a) == _parameters(b)


def _allowed(op: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> bool:
    """Whether the scales are those that the format's specification has."""
    rule = RULES[op.kind]
    if rule.scale == SAME:
        return all(_alike(t, inputs[0]) for t in inputs + outputs)
    if rule.scale == FIXED:
        scale, zero = rule.fixed[INT8]
        return all(abs(_parameters(t)[0] / scale - 1) < 1e-3 and _parameters(t)[1] == zero
                   for t in outputs)
    return True


def _take(editor: Editor, op: Operator, place: int, result: Tensor) -> None:
    """The operator makes the integers itself."""
    first, *others = editor.consumers(op.outputs[place])
    for other in others:
        if not editor.returned(other.outputs[0]):
            editor.remove(other)
            editor.redirect(other.outputs[0], result)
    editor.remove(first)
    op.outputs[place] = result
    editor.made(op, result)


# ---- weights -------------------------------------------------------------------------------------


def _constants(op: Operator, x: Tensor) -> dict[int, Tensor] | None:
    """Weights and bias as integers, by their places."""
    at = weights_of(op)
    weights = op.inputs[at.position] if at is not None else None
    if at is None or weights is None or weights.data is None:
        return None
    found = recovered(weights.data, None) if op.kind == "FULLY_CONNECTED" else None
    found = found or recovered(weights.data, at.axis)
    if found is None:
        return None
    integers, scales = found
    made = {at.position: Tensor(weights.name, weights.shape, INT8, integers, Quantization(
        scales, np.zeros(scales.size, np.int64), at.axis if scales.size > 1 else 0))}
    bias = op.inputs[at.bias] if at.bias < len(op.inputs) else None
    if bias is not None:
        steps = scales.astype(np.float64) * _parameters(x)[0]
        if bias.data is None or np.any(np.abs(bias.data / steps) >= 1 << 30):
            return None
        made[at.bias] = Tensor(bias.name, bias.shape, "INT32",
                               np.rint(bias.data / steps).astype(np.int32),
                               Quantization(steps.astype(np.float32),
                                            np.zeros(scales.size, np.int64)))
    return made


def recovered(weights: Array, axis: int | None) -> tuple[Array, Array] | None:
    """The integers and scales that weights were made from; None where they were not made so. With
    an axis, each of its indices has a scale of its own."""
    rows = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1) if axis is not None \
        else weights.reshape(1, -1)
    rows = rows.astype(np.float64)
    top = np.abs(rows).max(1, initial=0)
    scales = np.where(top > 0, 0.0, 1.0)
    for levels in range(127, 0, -1):
        rest = np.flatnonzero(scales == 0)
        if not len(rest):
            break
        steps = rows[rest] / (top[rest, None] / levels)
        fits = np.abs(steps - np.rint(steps)).max(1) < _NEAR
        scales[rest[fits]] = top[rest[fits]] / levels
    if not np.all(scales) or not np.all(np.isfinite(scales)):
        return None
    shape = [1] * weights.ndim
    if axis is not None:
        shape[axis] = -1
    integers = np.rint(weights / scales.reshape(shape)).astype(np.int8)
    return integers, scales.astype(np.float32)
