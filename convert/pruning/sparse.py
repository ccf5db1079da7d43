# SPDX-License-Identifier: Apache-2.0
"""Weights of which most are zero, stored as those that are not and where they stand."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.graph import Array, Model, Operator, Subgraph, Tensor
from ..quantization.op_rules import weights_of

_GAIN = 0.9  # of the dense bytes: what is not smaller than that stays as it is
_DENSE_READERS = ("FULLY_CONNECTED",)  # take sparse floats as they are; others by DENSIFY


def encode(model: Model) -> None:
    """Stores weights sparsely where that is smaller."""
    for graph in model.subgraphs:
        _encode(graph)


def _is_smaller(data: Array) -> bool:
    there = data.reshape(-1, data.shape[-1]) != 0
    count = int(there.sum())
    rows = (there.shape[0] + 1) * _index_bytes(count)
    size = count * (data.itemsize + _index_bytes(data.shape[-1] - 1)) + rows
    return bool(size < _GAIN * data.nbytes)


def _index_bytes(most: int) -> int:
    return 1 if most < 2**8 else 2 if most < 2**16 else 4


def _index_type(most: int) -> tuple[str, str]:
    """The table that holds such indices, and numpy's name for what is in it."""
    tables = {1: ("Uint8Vector", "u1"), 2: ("Uint16Vector", "<u2"), 4: ("Int32Vector", "<i4")}
    return tables[_index_bytes(most)]


def _encode(graph: Subgraph) -> None:
    operators: list[Operator] = []
    made: dict[int, Tensor] = {}
    for op in graph.operators:
        for i, tensor in enumerate(op.inputs):
            if tensor is None or not _is_weights(op, i, tensor):
                continue
            if id(tensor) not in made:
                small = compressed(tensor)
                if small is None:
                    continue
                made[id(tensor)] = _reader(op, small, operators)
            op.inputs[i] = made[id(tensor)]
        operators.append(op)
    graph.operators = operators


def _is_weights(op: Operator, i: int, tensor: Tensor) -> bool:
    if tensor.data is None or tensor.sparsity is not None or len(tensor.shape) < 2:
        return False
    if tensor.dtype == "FLOAT32":
        found = weights_of(op)
        return found is not None and found.position == i
    return tensor.dtype == "INT8" and i == 1 and op.kind in (
        "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def _reader(op: Operator, small: Tensor, operators: list[Operator]) -> Tensor:
    """What the operator gets: the sparse tensor itself, or what DENSIFY makes of it."""
    if op.kind in _DENSE_READERS and small.dtype == "FLOAT32":
        return small
    dense = Tensor(f"{small.name}_dense", small.shape, small.dtype, None, small.quantization)
    operators.append(Operator("DENSIFY", [small], [dense], layer=small.name))
    return dense


def compressed(tensor: Tensor) -> Tensor | None:
    """The tensor with its last dimension in compressed rows; None when that saves little."""
    data = np.asarray(tensor.data)
    if not _is_smaller(data):
        return None
    rows = data.reshape(-1, data.shape[-1])
    there = rows != 0
    segments = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    places: Array = np.arange(data.shape[-1], dtype=_index_type(data.shape[-1] - 1)[1])
    indices = np.broadcast_to(places, there.shape)[there]
    dimensions: list[dict[str, typing.Any]] = [
        {"format": "DENSE", "dense_size": size} for size in data.shape[:-1]]
    dimensions.append({"format": "SPARSE_CSR", "array_segments": _smallest(segments),
                       "array_indices": _smallest(indices)})
    return dataclasses.replace(tensor, data=rows[there], sparsity={
        "traversal_order": np.arange(data.ndim, dtype=np.int32), "dim_metadata": dimensions})


def _smallest(values: Array) -> tuple[str, dict[str, Array]]:
    table, dtype = _index_type(int(values.max(initial=0)))
    return table, {"values": values.astype(dtype, copy=False)}
