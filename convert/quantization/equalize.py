# SPDX-License-Identifier: Apache-2.0
"""Equalization across layers: channels of one layer are scaled and the next takes it back, so that all
channels of both use the same range of integers. The float model computes what it did before."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..format.graph import Array, Model, Operator, Subgraph, Tensor
from . import weights as w
from .op_rules import weights_of

_ROUNDS = 20
_ENOUGH = 1e-3  # the largest change of a scale that ends it
_HOMOGENEOUS = ("NONE", "RELU")  # f(s x) = s f(x) for positive s


def equalize(model: Model) -> int:
    """Changes the weights of a float model; returns how many pairs of layers there were."""
    pairs = _pairs(model.main)
    for _ in range(_ROUNDS):
        if max((_equalize(*pair) for pair in pairs), default=0.0) < _ENOUGH:
            break
    return len(pairs)


def _pairs(graph: Subgraph) -> list[tuple[Operator, Operator]]:
    """Layers with weights of which one feeds the other and nobody else."""
    users: dict[int, list[Operator]] = {}
    for op in graph.operators:
        for tensor in op.inputs:
            if tensor is not None:
                users.setdefault(id(tensor), []).append(op)
    ends = {id(tensor) for tensor in graph.outputs}
    pairs = []
    for op in graph.operators:
        following = users.get(id(op.outputs[0]), []) if op.outputs else []
        if len(following) == 1 and id(op.outputs[0]) not in ends and _fit(op, following[0]):
            pairs.append((op, following[0]))
    return [pair for pair in pairs
            if all(len(users[id(op.inputs[1])]) == 1 for op in pair)]  # weights of its own


def _fit(first: Operator, second: Operator) -> bool:
    kinds = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    if any(op.kind not in kinds or weights_of(op) is None for op in (first, second)):
        return False
    if first.options.get("fused_activation_function", "NONE") not in _HOMOGENEOUS:
        return False
    if second.inputs[0] is not first.outputs[0]:
        return False
    return bool(_out(first).size == _in(second).size)


def _data(op: Operator) -> Array:
    tensor = op.inputs[1]
    assert tensor is not None
    return np.asarray(tensor.data)


def _out(op: Operator) -> Array:
    """The greatest weight of each output channel."""
    return w.greatest(_data(op), 3 if op.kind == "DEPTHWISE_CONV_2D" else 0)


def _in(op: Operator) -> Array:
    return w.greatest(_data(op), _data(op).ndim - 1)


def _equalize(first: Operator, second: Operator) -> float:
    """One step; -> by how much it changed the scales."""
    a, b = _out(first).astype(np.float64), _in(second).astype(np.float64)
    used = (a > 0) & (b > 0)
    scale = np.ones(a.shape)
    scale[used] = np.sqrt(a[used] / b[used])
    out_axis = 3 if first.kind == "DEPTHWISE_CONV_2D" else 0
    _scale(first, 1, 1 / scale, out_axis)
    if len(first.inputs) > 2 and first.inputs[2] is not None:
        _scale(first, 2, 1 / scale, 0)
    _scale(second, 1, scale, _data(second).ndim - 1)
    return float(np.abs(scale - 1).max(initial=0))


def _scale(op: Operator, position: int, factor: Array, axis: int) -> None:
    tensor = op.inputs[position]
    assert tensor is not None
    data = np.asarray(tensor.data)
    new = (data * w.over_axis(factor, axis, data.ndim)).astype(np.float32)
    op.inputs[position] = _replaced(tensor, new)


def _replaced(tensor: Tensor, data: Array) -> Tensor:
    return dataclasses.replace(tensor, data=data)
