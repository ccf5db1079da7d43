# SPDX-License-Identifier: Apache-2.0
"""A feed-forward network as a list of nodes: run it in floats, run it in int8, write it as .tflite.

Tensors go by name. A node's fields are those of its table of options in the schema.
"""

import dataclasses
from typing import Any

import numpy as np

import int8
import ops
from tflite_writer import ModelWriter, Quant

# Operator -> table of options, version in float models, version in 8-bit models.
OPERATORS = {
    "CONV_2D": ("Conv2DOptions", 1, 3),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", 1, 3),
    "FULLY_CONNECTED": ("FullyConnectedOptions", 1, 4),
    "MAX_POOL_2D": ("Pool2DOptions", 1, 2),
    "AVERAGE_POOL_2D": ("Pool2DOptions", 1, 2),
    "MEAN": ("ReducerOptions", 1, 2),
    "ADD": ("AddOptions", 1, 2),
    "RESHAPE": ("ReshapeOptions", 1, 1),
    "SOFTMAX": ("SoftmaxOptions", 1, 2),
}

# These hand values on as they are, so input and output have one scale and zero point.
KEEPS_SCALE = ("MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "RESHAPE")


@dataclasses.dataclass
class Node:
    """One operator. `constant`: a second input that holds integers (axes, a shape)."""

    op: str
    inputs: list[str]
    output: str
    fields: dict[str, Any]
    weights: np.ndarray | None = None
    bias: np.ndarray | None = None
    constant: np.ndarray | None = None


# ---- Making nodes ------------------------------------------------------------------------------


def conv(x, y, w, b, stride=1, padding="SAME", activation="RELU"):
    """CONV_2D; weights [O, K, K, I]."""
    return Node("CONV_2D", [x], y, _conv_fields(stride, padding, activation), w, b)


def depthwise(x, y, w, b, stride=1, padding="SAME", activation="RELU"):
    """DEPTHWISE_CONV_2D with one output for each channel; weights [1, K, K, C]."""
    fields = _conv_fields(stride, padding, activation) | {"depth_multiplier": 1}
    return Node("DEPTHWISE_CONV_2D", [x], y, fields, w, b)


def fully_connected(x, y, w, b):
    """FULLY_CONNECTED; weights [O, I]."""
    return Node("FULLY_CONNECTED", [x], y, {}, w, b)


def pool(op, x, y, size):
    """MAX_POOL_2D or AVERAGE_POOL_2D over size x size blocks."""
    return Node(op, [x], y, {"padding": "VALID", "stride_w": size, "stride_h": size,
                             "filter_width": size, "filter_height": size})


def mean(x, y):
    """MEAN over height and width, which it drops."""
    return Node("MEAN", [x], y, {"keep_dims": False}, constant=np.array([1, 2], np.int32))


def add(x1, x2, y):
    """ADD of two tensors of one shape."""
    return Node("ADD", [x1, x2], y, {})


def reshape(x, y, shape):
    """RESHAPE to `shape`, whose first dimension is the batch."""
    return Node("RESHAPE", [x], y, {"new_shape": shape}, constant=np.array(shape, np.int32))


def softmax(x, y):
    """SOFTMAX along the last dimension."""
    return Node("SOFTMAX", [x], y, {"beta": 1.0})


def _conv_fields(stride, padding, activation):
    return {"padding": padding, "stride_w": stride, "stride_h": stride,
            "fused_activation_function": activation}


# ---- Running -----------------------------------------------------------------------------------


def run_float(node, *x):
    """The node's output for inputs of any batch size."""
    size = node.fields.get("filter_width")
    if node.op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        y = _convolution(node)(*x, node.weights, node.bias, **_geometry(node))
        return _activate(y, node.fields["fused_activation_function"])
    if node.op == "RESHAPE":
        return x[0].reshape(len(x[0]), *node.fields["new_shape"][1:])
    return {
        "FULLY_CONNECTED": lambda: ops.fully_connected(x[0], node.weights, node.bias),
        "MAX_POOL_2D": lambda: ops.max_pool(x[0], size),
        "AVERAGE_POOL_2D": lambda: ops.average_pool(x[0], size),
        "MEAN": lambda: x[0].mean(axis=(1, 2)),
        "ADD": lambda: x[0] + x[1],
        "SOFTMAX": lambda: ops.softmax(x[0]),
    }[node.op]()


def run_int8(node, x, quants):
    """The node's int8 output for one int8 input; the operators of the digits network."""
    if node.op == "MAX_POOL_2D":
        return ops.max_pool(x, node.fields["filter_width"])
    if node.op == "RESHAPE":
        return run_float(node, x)
    if node.op == "SOFTMAX":
        return int8.softmax(x, quants[node.inputs[0]].scale[0])
    w, weight_quant, b, _ = quantize_weights(node, quants[node.inputs[0]])
    steps = quants[node.inputs[0]], weight_quant, quants[node.output]
    if node.op == "FULLY_CONNECTED":
        return int8.fully_connected(x, w, b, steps)
    relu = node.fields["fused_activation_function"] == "RELU"
    return int8.conv(_convolution(node), x, w, b, steps, relu, **_geometry(node))


def run_all(nodes, run, input_name, x):
    """Runs every node with run(node, *inputs). -> every tensor by name."""
    values = {input_name: x}
    for node in nodes:
        values[node.output] = run(node, *(values[name] for name in node.inputs))
    return values


def _convolution(node):
    return ops.conv2d if node.op == "CONV_2D" else ops.depthwise_conv2d


def _geometry(node):
    return {"stride": node.fields["stride_h"], "padding": node.fields["padding"]}


def _activate(x, activation):
    return {"NONE": lambda: x, "RELU": lambda: np.maximum(x, 0),
            "RELU6": lambda: np.clip(x, 0, 6)}[activation]()


# ---- Quantizing --------------------------------------------------------------------------------


def activation_quants(nodes, values, input_name, input_quant, dtype="INT8"):
    """A Quant for every tensor, from the range of its `values` in calibration."""
    qmin, qmax = (0, 255) if dtype == "UINT8" else (-128, 127)
    quants = {input_name: input_quant}
    for node in nodes:
        if node.op in KEEPS_SCALE:
            quant = quants[node.inputs[0]]
        elif node.op == "SOFTMAX":
            quant = Quant(int8.SOFTMAX_OUTPUT.scale, [qmin])
        else:
            y = values[node.output]
            quant = int8.activation_quant(float(y.min()), float(y.max()), qmin, qmax)
        quants[node.output] = quant
    return quants


def quantize_weights(node, input_quant, dtype="INT8"):
    """-> weights, their Quant, bias, its Quant.

    int8: symmetric, a scale for each output of a convolution and one for a fully connected layer.
    uint8: one scale and zero point, as converters wrote it before int8 models came.
    """
    if dtype == "UINT8":
        weight_quant = int8.activation_quant(node.weights.min(), node.weights.max(), 0, 255)
        w = int8.quantize(node.weights, weight_quant, np.uint8)
    else:
        axis = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": None}[node.op]
        w, weight_quant = int8.symmetric_weights(node.weights, axis)
    b, b_quant = int8.bias_quant(node.bias, input_quant, weight_quant)
    return w, weight_quant, b, b_quant


# ---- Writing -----------------------------------------------------------------------------------


def write_model(nodes, shapes, input_name, description, quants=None, dtype="FLOAT32"):
    """The bytes of a .tflite file with one signature, "serving_default".

    `shapes` has every tensor's shape; `quants` every tensor's Quant, unless dtype is FLOAT32.
    """
    quants = quants or {}
    model = ModelWriter(description)
    graph = model.subgraph("main")
    first, last = input_name, nodes[-1].output
    index = {first: graph.tensor(first, shapes[first], dtype, quant=quants.get(first))}
    for node in nodes:
        operands = [index[name] for name in node.inputs] + _constants(graph, node, quants, dtype)
        index[node.output] = graph.tensor(node.output, shapes[node.output], dtype,
                                          quant=quants.get(node.output))
        options, float_version, quantized_version = OPERATORS[node.op]
        graph.op(node.op, operands, [index[node.output]], options,
                 float_version if dtype == "FLOAT32" else quantized_version, **node.fields)
    graph.inputs, graph.outputs = [index[first]], [index[last]]
    model.signature("serving_default", graph, {first: index[first]}, {last: index[last]})
    return model.to_bytes()


def _constants(graph, node, quants, dtype):
    """Adds the node's constant inputs and returns their indices."""
    if node.constant is not None:
        name = f"{node.output}/{'axes' if node.op == 'MEAN' else 'shape'}"
        return [graph.tensor(name, node.constant.shape, "INT32", node.constant)]
    if node.weights is None:
        return []
    if dtype == "FLOAT32":
        w, b, w_quant, b_quant = np.float32(node.weights), np.float32(node.bias), None, None
    else:
        w, w_quant, b, b_quant = quantize_weights(node, quants[node.inputs[0]], dtype)
    return [graph.tensor(f"{node.output}/weights", w.shape, dtype, w, w_quant),
            graph.tensor(f"{node.output}/bias", b.shape,
                         "FLOAT32" if dtype == "FLOAT32" else "INT32", b, b_quant)]
