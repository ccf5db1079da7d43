# SPDX-License-Identifier: Apache-2.0
"""Smaller weights under operators that compute in floats, and the way back to floats."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.graph import Array, ConvertError, Model, Operator, Subgraph, Tensor
from . import weights as w
from .op_rules import FLOAT32, HYBRID_WEIGHTS, RULES, weights_of

# With fewer elements, the integers save less than they cost.
LEAST_ELEMENTS = 1024
_HALVES_LIMIT = 65504.0
_HYBRID_TABLES = ("FULLY_CONNECTED", "SVDF", "RNN", "LSTM", "BATCH_MATMUL",
                  "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM",
                  "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN")


def halves(model: Model) -> Model:
    """Constants as 16-bit floats, each with an operator that widens it."""
    for graph in model.subgraphs:
        _insert(graph, lambda op, i, tensor: _half(tensor) if tensor.dtype == FLOAT32 else None)
    return model


def _half(tensor: Tensor) -> Tensor | None:
    data = np.asarray(tensor.data)
    if data.size and np.abs(data).max() > _HALVES_LIMIT:
        return None
    return dataclasses.replace(tensor, dtype="FLOAT16", data=data.astype(np.float16))


def integer_weights(model: Model, dtype: str = "INT8", search: bool = False,
                    only: typing.Container[str] | None = None) -> list[Operator]:
    """Large weights as integers; operators that cannot take such get them widened. Returns those that
    were changed. `only`: kinds of operators that are considered."""
    changed: list[Operator] = []

    def narrowed(op: Operator, i: int, tensor: Tensor) -> Tensor | None:
        found = weights_of(op)
        considered = (only is None or op.kind in only) and (
            found is not None and i == found.position) and not _runs_hybrid(op, dtype)
        if not considered or not _large(tensor):
            return None
        changed.append(op)
        return _narrow(op, tensor, dtype, search)

    for graph in model.subgraphs:
        for op in graph.operators:
            if (only is None or op.kind in only) and _make_hybrid(op, dtype, search):
                changed.append(op)
        _insert(graph, narrowed)
    return changed


def _large(tensor: Tensor | None) -> bool:
    return (tensor is not None and tensor.data is not None and tensor.dtype == FLOAT32
            and tensor.sparsity is None and np.asarray(tensor.data).size >= LEAST_ELEMENTS)


def _runs_hybrid(op: Operator, dtype: str) -> bool:
    """Whether the operator itself takes floats and integer weights."""
    if dtype == "INT4":
        return op.kind in ("FULLY_CONNECTED", "CONV_2D")
    return op.kind in ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")


def _make_hybrid(op: Operator, dtype: str, search: bool) -> bool:
    positions = _positions(op, dtype)
    large = [i for i in positions if i < len(op.inputs) and _large(op.inputs[i])]
    if not large:
        return False
    for i in positions if op.kind in HYBRID_WEIGHTS else large:  # all gates, or none
        tensor = op.inputs[i] if i < len(op.inputs) else None
        if tensor is not None and tensor.data is not None and tensor.dtype == FLOAT32:
            op.inputs[i] = _narrow(op, tensor, "INT8" if op.kind in HYBRID_WEIGHTS else dtype, search)
    if op.kind in _HYBRID_TABLES:
        op.options["asymmetric_quantize_inputs"] = True
    return True


def _positions(op: Operator, dtype: str) -> tuple[int, ...]:
    if op.kind in HYBRID_WEIGHTS:
        return HYBRID_WEIGHTS[op.kind]
    found = weights_of(op)
    return (found.position,) if found is not None and _runs_hybrid(op, dtype) else ()


def _narrow(op: Operator, tensor: Tensor, dtype: str, search: bool) -> Tensor:
    data = np.asarray(tensor.data)
    rule = RULES.get(op.kind)
    axis = rule.weights.axis if rule and rule.weights and op.kind != "FULLY_CONNECTED" else None
    scale = w.settle_scale(w.weight_scale(data, axis, dtype, search), None, 1.0, "INT32")
    ints, quantization = w.quantized_weights(data, scale, axis, dtype)
    return dataclasses.replace(tensor, dtype=dtype, data=ints, quantization=quantization)


Change = typing.Callable[[Operator, int, Tensor], "Tensor | None"]


def _insert(graph: Subgraph, change: Change) -> None:
    """Replaces constants by smaller ones, each widened once by a DEQUANTIZE before its first use."""
    wide: dict[int, Tensor] = {}
    operators: list[Operator] = []
    for op in graph.operators:
        for i, tensor in enumerate(op.inputs):
            if tensor is None or tensor.data is None or op.kind == "DEQUANTIZE":
                continue
            if id(tensor) not in wide:
                small = change(op, i, tensor)
                if small is None:
                    continue
                wide[id(tensor)] = Tensor(f"{tensor.name}_wide", tensor.shape)
                operators.append(Operator("DEQUANTIZE", [small], [wide[id(tensor)]]))
            op.inputs[i] = wide[id(tensor)]
        operators.append(op)
    graph.operators = operators


# ---- Back to floats ------------------------------------------------------------------------------


def to_floats(model: Model) -> Model:
    """The same model with all its weights in floats: 16-bit ones, integers under operators that
    compute in floats and sparse ones become what they stand for."""
    for graph in model.subgraphs:
        _fold(graph)
        for op in graph.operators:
            _widen_weights(op)
    integers = [op for op in model.main.operators
                if op.outputs and op.outputs[0].dtype in ("INT8", "UINT8", "INT16")
                and op.outputs[0].quantization is not None]
    if integers:
        name = integers[0].outputs[0].name.split(";")[0]
        raise ConvertError(f"the model is quantized already: {integers[0].kind} {name}")
    return model


def _fold(graph: Subgraph) -> None:
    """Widening of constants is done now."""
    kept = []
    for op in graph.operators:
        source = op.inputs[0] if op.inputs else None
        if (op.kind == "DEQUANTIZE" and source is not None and source.data is not None
                and source.sparsity is None):
            op.outputs[0].data = _reals(source)
        else:
            kept.append(op)
    graph.operators = kept


def _reals(tensor: Tensor) -> Array:
    return w.real_values(np.asarray(tensor.data), tensor.quantization).reshape(tensor.shape)


def _widen_weights(op: Operator) -> None:
    """Integers under an operator whose data are floats."""
    if not op.outputs or op.outputs[0].dtype != FLOAT32 or op.kind == "DEQUANTIZE":
        return
    for i, tensor in enumerate(op.inputs):
        if (tensor is not None and tensor.data is not None and tensor.quantization is not None
                and tensor.dtype in ("INT8", "UINT8", "INT4") and tensor.sparsity is None):
            op.inputs[i] = dataclasses.replace(tensor, dtype=FLOAT32, data=_reals(tensor),
                                               quantization=None)
    if "asymmetric_quantize_inputs" in op.options:
        op.options["asymmetric_quantize_inputs"] = False
    op.version = 1
