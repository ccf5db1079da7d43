# SPDX-License-Identifier: Apache-2.0
"""The version of an operator: the first TensorFlow Lite that can run it declares it or a later one.

A runtime refuses a version that it does not know, and so says beforehand what it would get wrong.
"""

from __future__ import annotations

import typing

from .graph import Operator, Tensor

# Version by the type of the first input; 1 for the others.
_BY_TYPE: dict[str, dict[str, int]] = {
    kind: types for kinds, types in (
        (("MAX_POOL_2D", "AVERAGE_POOL_2D", "TANH", "LOGISTIC", "SOFTMAX", "MEAN", "MIRROR_PAD",
          "REDUCE_MAX", "REDUCE_MIN", "RELU6", "RSQRT", "BATCH_MATMUL", "LESS", "GREATER_EQUAL"),
         {"INT8": 2, "INT16": 3}),
        (("SPACE_TO_DEPTH", "SPLIT_V", "SUM", "LOG_SOFTMAX", "GREATER", "LESS_EQUAL",
          "SQUARED_DIFFERENCE", "DEPTH_TO_SPACE", "L2_NORMALIZATION"), {"INT8": 2}),
        (("EXP", "LOG", "REDUCE_PROD"), {"INT8": 2, "INT16": 2}),
        (("ARG_MAX", "ARG_MIN"), {"INT8": 2, "BOOL": 3}),
        (("CONCATENATION",), {"INT8": 2, "INT16": 3, "UINT32": 4}),
        (("PACK",), {"INT8": 2, "INT16": 3, "UINT32": 4}),
        (("UNPACK",), {"INT8": 2, "UINT8": 2, "BOOL": 3, "INT16": 4}),
        (("RELU",), {"INT8": 2, "UINT8": 2, "INT16": 3}),
        (("ABS",), {"INT8": 2, "UINT8": 2, "INT16": 3, "INT32": 5}),
        (("GELU",), {"INT8": 2, "UINT8": 2}),
        (("FLOOR_DIV",), {"FLOAT32": 2, "INT8": 3, "INT16": 3}),
        (("FLOOR_MOD",), {"INT8": 2, "INT16": 2}),
        (("REVERSE_V2",), {"BOOL": 2, "INT8": 3}),
        (("TILE",), {"STRING": 2, "INT8": 3}),
        (("SQUEEZE",), {"STRING": 2}),
        (("LEAKY_RELU",), {"INT16": 2}),
        (("RANGE",), {"INT64": 2}),
        (("SIGN",), {"INT32": 2}),
        (("EQUAL",), {"INT8": 2, "STRING": 3, "INT16": 4}),
        (("NOT_EQUAL",), {"INT8": 2, "STRING": 3}),
        (("TOPK_V2",), {"INT8": 2, "INT16": 3}),
        (("SELECT_V2",), {"UINT32": 2}),
    ) for kind in kinds}


def version(op: Operator) -> int:
    """The lowest version that has what the operator uses; no lower than its own."""
    if op.kind == "CUSTOM":
        return op.version
    rule = _RULES.get(op.kind)
    if rule is not None:
        return max(op.version, rule(op))
    return max(op.version, _BY_TYPE.get(op.kind, {}).get(_type(op, 0), 1))


# ---- What the rules look at ----------------------------------------------------------------------


def _input(op: Operator, i: int) -> Tensor | None:
    return op.inputs[i] if i < len(op.inputs) else None


def _type(op: Operator, i: int) -> str:
    tensor = _input(op, i)
    return tensor.dtype if tensor is not None else ""


def _output(op: Operator) -> Tensor | None:
    return op.outputs[0] if op.outputs else None


def _output_type(op: Operator) -> str:
    return op.outputs[0].dtype if op.outputs else ""


def _types(op: Operator, weights: int = 1) -> tuple[str, str, str]:
    """Of input, weights and output."""
    return _type(op, 0), _type(op, weights), _output_type(op)


def _rank(op: Operator, i: int = 0) -> int:
    tensor = _input(op, i)
    return len(tensor.shape) if tensor is not None else 0


def _quantized(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.quantization is not None


def _per_channel(tensor: Tensor | None) -> bool:
    return (tensor is not None and tensor.quantization is not None
            and tensor.quantization.scale.size > 1)


def _broadcasts_beyond_4(op: Operator) -> bool:
    first, second = _input(op, 0), _input(op, 1)
    return (first is not None and second is not None and first.shape != second.shape
            and max(len(first.shape), len(second.shape)) > 4)


_HYBRID = ("FLOAT32", "INT8", "FLOAT32")
_INT8 = ("INT8", "INT8", "INT8")
_INT4 = ("INT8", "INT4", "INT8")
_16X8 = ("INT16", "INT8", "INT16")
_INT16 = ("INT16", "INT16", "INT16")


def _wide_bias_type(op: Operator) -> bool:
    return (_types(op) == _16X8
            and op.options.get("quantized_bias_type", "FLOAT32") != "FLOAT32")


# ---- Rules ---------------------------------------------------------------------------------------


def _conv(op: Operator) -> int:
    if _wide_bias_type(op):
        return 8
    x, w = _input(op, 0), _input(op, 1)
    if x and w and len(x.shape) == 4 and len(w.shape) == 4 and x.shape[3] != w.shape[3]:
        return 6  # in groups
    if _types(op) == _HYBRID:
        return 5 if _per_channel(w) else 2
    return {_INT16: 4, _INT8: 3, _INT4: 7}.get(_types(op), 1)


def _depthwise(op: Operator) -> int:
    if _types(op) == _HYBRID:
        return 6 if _per_channel(_input(op, 1)) else 4
    plain = _types(op) not in (_INT16, _INT8, _INT4)
    dilated = any(op.options.get(f"dilation_{side}_factor", 1) != 1 for side in "wh")
    return 1 + dilated if plain else {_INT16: 5, _INT8: 3, _INT4: 7}[_types(op)]


def _fully_connected(op: Operator) -> int:
    weights = _input(op, 1)
    if _types(op) == _HYBRID and _per_channel(weights):
        return 12
    if _wide_bias_type(op):
        return 11
    if weights is not None and weights.sparsity is not None:
        return 8
    if _types(op) == _INT16:
        return 7
    if _types(op) == _INT4:
        return 10
    if len(op.inputs) == 2:
        return 6
    if op.options.get("keep_num_dims"):
        return 5
    if _types(op) == _HYBRID:
        return 9 if op.options.get("asymmetric_quantize_inputs") else 3
    if _types(op) == _INT8:
        return 4
    return 1 if op.options.get("weights_format", "DEFAULT") == "DEFAULT" else 2


def _gather(op: Operator) -> int:
    if _type(op, 0) == "INT4":
        return 7
    if _type(op, 1) == "INT16":
        return 6
    if op.options.get("batch_dims"):
        return 5
    return {"INT16": 4, "BOOL": 3, "INT8": 2}.get(_type(op, 0), 1)


def _gather_nd(op: Operator) -> int:
    if _type(op, 0) == "BOOL":
        return 5
    return 4 if _type(op, 1) == "INT16" else {"INT16": 3, "STRING": 2}.get(_type(op, 0), 1)


def _svdf(op: Operator) -> int:
    if _type(op, 0) == "INT8":
        return 3
    asymmetric = op.options.get("asymmetric_quantize_inputs")
    return (4 if asymmetric else 2) if _types(op) == _HYBRID else 1


def _scale(tensor: Tensor | None) -> float:
    if tensor is None or tensor.quantization is None or not tensor.quantization.scale.size:
        return 0.0
    return float(tensor.quantization.scale[0])


def _mul(op: Operator) -> int:
    first = _type(op, 0)
    if first == "INT16":
        return 4 if _quantized(_input(op, 0)) else 7
    if first in ("UINT32", "COMPLEX64", "INT64"):
        return {"UINT32": 7, "COMPLEX64": 6, "INT64": 5}[first]
    a, b, y = (_scale(tensor) for tensor in (_input(op, 0), _input(op, 1), _output(op)))
    if a and b and y and a * b / y >= 1:
        return 3
    return 2 if first == "INT8" else 1


def _add(op: Operator) -> int:
    first = _type(op, 0)
    if first == "INT16":
        pot = op.options.get("pot_scale_int16", True)
        return (1 if pot else 3) if _quantized(_input(op, 0)) else 5
    return {"INT64": 4, "INT8": 2}.get(first, 1)


def _sub(op: Operator) -> int:
    if _type(op, 0) == "INT16" and not op.options.get("pot_scale_int16", True):
        return 5
    if _type(op, 0) == "INT64":
        return 4
    return 3 if _broadcasts_beyond_4(op) else 2 if _type(op, 0) == "INT8" else 1


def _maximum(op: Operator) -> int:
    if _type(op, 0) == "INT16":
        return 4
    return 3 if _broadcasts_beyond_4(op) else 2 if _type(op, 0) == "INT8" else 1


def _transpose(op: Operator) -> int:
    if _rank(op) > 5:
        return 6
    if _type(op, 0) == "INT16":
        return 5
    return 4 if _rank(op) > 4 else {"BOOL": 3, "INT8": 2}.get(_type(op, 0), 1)


def _transpose_conv(op: Operator) -> int:
    if _wide_bias_type(op):
        return 5
    if op.options.get("fused_activation_function", "NONE") != "NONE":
        return 4
    if _input(op, 3) is not None:
        return 3
    return 2 if _type(op, 1) == "INT8" else 1


def _lstm(op: Operator) -> int:
    if op.options.get("kernel_type", "FULL") == "BASIC":
        return 2
    if _types(op, 2) == _HYBRID:
        return 4 if op.options.get("asymmetric_quantize_inputs") else 3
    return 5 if _types(op, 2) == _16X8 else 1


def _sequence_lstm(op: Operator) -> int:
    if _types(op, 2) == _16X8:
        return 5
    if op.options.get("diagonal_recurrent_tensors"):
        return 4
    return _hybrid(op, 2)


def _hybrid(op: Operator, weights: int = 1) -> int:
    if _type(op, weights) != "INT8" or _types(op)[2] != "FLOAT32":
        return 1
    return 3 if op.options.get("asymmetric_quantize_inputs") else 2


def _slice(op: Operator) -> int:
    if _type(op, 0) == "UINT32":
        return 6
    if _rank(op) > 4:
        return 5
    return {"INT16": 4, "STRING": 3, "INT8": 2}.get(_type(op, 0), 1)


def _strided_slice(op: Operator) -> int:
    if op.options.get("offset"):
        return 8
    if _type(op, 0) == "UINT32":
        return 7
    if op.options.get("ellipsis_mask") or op.options.get("new_axis_mask"):
        return 6
    if _type(op, 0) == "STRING":
        return 5
    return 4 if _rank(op) > 4 else {"BOOL": 3, "INT8": 2}.get(_type(op, 0), 1)


def _dequantize(op: Operator) -> int:
    if _type(op, 0) == "INT8":
        return 5 if _per_channel(_input(op, 0)) else 2
    return {"INT4": 6, "INT16": 3, "FLOAT16": 3}.get(_type(op, 0), 1)


def _quantize(op: Operator) -> int:
    if "INT4" in (_type(op, 0), _output_type(op)):
        return 4
    if _per_channel(_output(op)):
        return 3
    return 2 if _output_type(op) == "INT16" else 1


def _resize_bilinear(op: Operator) -> int:
    if _type(op, 0) == "INT16":
        return 4
    return 3 if op.options.get("half_pixel_centers") else 2 if _type(op, 0) == "INT8" else 1


def _resize_nearest(op: Operator) -> int:
    if _type(op, 0) == "INT16":
        return 4
    later = op.options.get("half_pixel_centers") or op.options.get("align_corners")
    return 3 if later else 2 if _type(op, 0) == "INT8" else 1


def _batch_space(op: Operator) -> int:
    if _type(op, 0) == "INT16":
        return 4
    return 3 if _rank(op) != 4 else 2 if _type(op, 0) == "INT8" else 1


def _pad(op: Operator) -> int:
    if _rank(op) > 4:
        return 4
    return {"INT16": 3, "INT8": 2}.get(_type(op, 0), 1)


def _select(op: Operator) -> int:
    if _type(op, 0) == "UINT32":
        return 4
    five = any(_rank(op, i) == 5 for i in range(3))
    return 3 if five else 2 if _type(op, 0) == "INT8" else 1


def _fill(op: Operator) -> int:
    types = {"FLOAT16": 4, "INT8": 3, "INT16": 3, "BOOL": 2, "STRING": 2}
    return types.get(_type(op, 1), 1)


def _cast(op: Operator) -> int:
    types = {_type(op, 0), _output_type(op)}
    for wanted, found in (({"BFLOAT16"}, 7), ({"INT4"}, 6), ({"FLOAT64", "FLOAT16"}, 5),
                          ({"UINT16"}, 4), ({"INT8"}, 3), ({"UINT32"}, 2)):
        if wanted & types:
            return found
    return 1


def _batch_matmul(op: Operator) -> int:
    if _types(op) == _HYBRID and op.options.get("asymmetric_quantize_inputs"):
        return 4
    return {"INT16": 3, "INT8": 2}.get(_type(op, 0), 1)


_RULES: dict[str, typing.Callable[[Operator], int]] = {
    "CONV_2D": _conv, "DEPTHWISE_CONV_2D": _depthwise, "FULLY_CONNECTED": _fully_connected,
    "FAKE_QUANT": lambda op: 1 + bool(op.options.get("narrow_range")),
    "GATHER": _gather, "GATHER_ND": _gather_nd, "SVDF": _svdf, "MUL": _mul, "ADD": _add,
    "SUB": _sub, "MAXIMUM": _maximum, "MINIMUM": _maximum, "TRANSPOSE": _transpose,
    "DIV": lambda op: 1 + _broadcasts_beyond_4(op),
    "TRANSPOSE_CONV": _transpose_conv, "LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _sequence_lstm, "BIDIRECTIONAL_SEQUENCE_LSTM": _hybrid,
    "RNN": _hybrid, "UNIDIRECTIONAL_SEQUENCE_RNN": _hybrid, "BIDIRECTIONAL_SEQUENCE_RNN": _hybrid,
    "SPLIT": lambda op: {"INT16": 4, "INT32": 3, "INT8": 2}.get(_type(op, 1), 1),
    "SPARSE_TO_DENSE":
        lambda op: {"INT8": 3, "UINT8": 3, "INT64": 2}.get(_type(op, 2), 1),
    "SLICE": _slice, "STRIDED_SLICE": _strided_slice, "DEQUANTIZE": _dequantize,
    "QUANTIZE": _quantize, "RESIZE_BILINEAR": _resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest, "SPACE_TO_BATCH_ND": _batch_space,
    "BATCH_TO_SPACE_ND": _batch_space, "PAD": _pad, "PADV2": _pad, "SELECT": _select,
    "FILL": _fill, "CAST": _cast, "BATCH_MATMUL": _batch_matmul,
    "BROADCAST_TO": lambda op: 3 if _type(op, 0) in ("INT8", "INT16") else 2,
    "WHERE": lambda op: 1 if _type(op, 0) == "BOOL" else 2,
}
