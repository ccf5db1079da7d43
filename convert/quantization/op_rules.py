# SPDX-License-Identifier: Apache-2.0
"""What the format's specification of quantization demands of each operator."""

from __future__ import annotations

import dataclasses
import typing

from ..format.graph import Operator
from . import recurrent

INT8 = "INT8"
INT16 = "INT16"
FLOAT32 = "FLOAT32"

# How an operator's outputs get their scale.
FREE = "free"  # from the range of their values
SAME = "same"  # that of the inputs: values are handed on as they are
FIXED = "fixed"  # the specification names it
NONE = "none"  # outputs are no reals


@dataclasses.dataclass(frozen=True)
class Weights:
    """Where an operator has constant weights, and which of their dimensions has scales of its own."""

    position: int
    bias: int
    axis: int
    data: int = 0


@dataclasses.dataclass(frozen=True)
class Rule:
    """How one kind of operator runs on integers."""

    scale: str
    types: tuple[str, ...] = (INT8, INT16)
    weights: Weights | None = None
    fixed: dict[str, tuple[float, int]] = dataclasses.field(default_factory=dict)
    data: tuple[int, ...] | None = None  # inputs that are reals; None: all of type FLOAT32


def _fixed(int8: tuple[float, int], int16: tuple[float, int] | None = None) -> Rule:
    fixed = {INT8: int8} if int16 is None else {INT8: int8, INT16: int16}
    return Rule(FIXED, tuple(fixed), fixed=fixed)


def _kinds(names: str, rule: Rule) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


# Types that an operator has in TensorFlow Lite 2.9, too, so that models load there.
RULES: dict[str, Rule] = {
    "CONV_2D": Rule(FREE, weights=Weights(1, 2, axis=0)),
    "DEPTHWISE_CONV_2D": Rule(FREE, weights=Weights(1, 2, axis=3)),
    "FULLY_CONNECTED": Rule(FREE, weights=Weights(1, 2, axis=0)),
    "TRANSPOSE_CONV": Rule(FREE, weights=Weights(1, 3, axis=0, data=2)),
    "SOFTMAX": _fixed((1 / 256, -128), (1 / 32768, 0)),
    "LOGISTIC": _fixed((1 / 256, -128), (1 / 32768, 0)),
    "TANH": _fixed((1 / 128, 0), (1 / 32768, 0)),
    "L2_NORMALIZATION": _fixed((1 / 128, 0)),
    "LOG_SOFTMAX": _fixed((16 / 256, 127)),
    recurrent.LSTM: Rule(FREE, (INT8,)),
} | _kinds(
    "ADD SUB MUL MEAN BATCH_MATMUL LEAKY_RELU RELU RELU6 ABS", Rule(FREE)
) | _kinds(
    "ELU GELU HARD_SWISH PRELU RELU_N1_TO_1 RELU_0_TO_1 RSQRT SQUARED_DIFFERENCE SUM",
    Rule(FREE, (INT8,))
) | _kinds(
    "MAX_POOL_2D AVERAGE_POOL_2D RESHAPE SQUEEZE EXPAND_DIMS TRANSPOSE PAD PADV2 SLICE STRIDED_SLICE "
    "SPLIT SPLIT_V CONCATENATION PACK UNPACK RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 "
    "MAXIMUM MINIMUM REDUCE_MAX REDUCE_MIN GATHER GATHER_ND BROADCAST_TO SELECT SELECT_V2", Rule(SAME)
) | _kinds(
    "MIRROR_PAD SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND SPACE_TO_DEPTH DEPTH_TO_SPACE TILE TOPK_V2 "
    "DYNAMIC_UPDATE_SLICE", Rule(SAME, (INT8,))
) | _kinds(
    "ARG_MAX ARG_MIN", Rule(NONE, (INT8,))
) | _kinds("EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL", Rule(NONE, (INT8,)))

# Recurrent operators whose weights alone become integers, where nothing else can.
HYBRID_WEIGHTS: dict[str, tuple[int, ...]] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (*range(1, 9), 16), "LSTM": (*range(1, 9), 16),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (*range(1, 9), 16, *range(18, 26), 33),
    "RNN": (1, 2), "UNIDIRECTIONAL_SEQUENCE_RNN": (1, 2),
    "BIDIRECTIONAL_SEQUENCE_RNN": (1, 2, 5, 6), "SVDF": (1,),
}


def weights_of(op: Operator) -> Weights | None:
    """Where the operator has constant weights in floats; None when it has none."""
    rule = RULES.get(op.kind)
    if rule is None or rule.weights is None or len(op.inputs) <= rule.weights.position:
        return None
    tensor = op.inputs[rule.weights.position]
    constant = tensor is not None and tensor.data is not None and tensor.dtype == FLOAT32
    return rule.weights if constant and tensor is not None and not tensor.sparsity else None


def real_inputs(op: Operator) -> list[int]:
    """Positions of inputs that hold reals, but for weights, bias and state."""
    if op.kind in HYBRID_WEIGHTS:
        return [0]
    weights = weights_of(op)
    skipped = () if weights is None else (weights.position, weights.bias)
    return [i for i, tensor in enumerate(op.inputs)
            if tensor is not None and tensor.dtype == FLOAT32 and i not in skipped]


def real_outputs(op: Operator) -> list[int]:
    return [i for i, tensor in enumerate(op.outputs) if tensor.dtype == FLOAT32]


def can_run(op: Operator, dtype: str) -> bool:
    """Whether the operator runs on integers of that type."""
    rule = RULES.get(op.kind)
    if rule is None or dtype not in rule.types or not real_inputs(op):
        return False
    if op.kind == recurrent.LSTM:
        return recurrent.fits(op)
    if rule.weights is None:
        return rule.scale == NONE or bool(real_outputs(op))
    return _weights_fit(op, dtype) and _bias_fits(op)


def _weights_fit(op: Operator, dtype: str) -> bool:
    """Weights are constant, or (of a dense layer in int8) another activation without a bias."""
    if weights_of(op) is not None:
        return True
    return op.kind == "FULLY_CONNECTED" and dtype == INT8 and _bias(op) is None


def _bias(op: Operator) -> typing.Any:
    weights = RULES[op.kind].weights
    assert weights is not None
    return op.inputs[weights.bias] if weights.bias < len(op.inputs) else None


def _bias_fits(op: Operator) -> bool:
    bias = _bias(op)
    return bias is None or (bias.data is not None and bias.dtype == FLOAT32)
