# SPDX-License-Identifier: Apache-2.0
"""Writes the models that the tests of the Python packages use: make_models.py FLATC FOLDER"""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import small_models as small  # noqa: E402


def quantized():
    """x (uint8, scale 0.5, zero point 10) -> QUANTIZE -> y (int8, scale 1, zero point -3)."""
    g = small.Graph()
    g.inputs = [g.tensor("x", "UINT8", [1, 3], scale=0.5, zero_point=10)]
    g.outputs = [g.tensor("y", "INT8", [1, 3], scale=1.0, zero_point=-3)]
    g.op("QUANTIZE", g.inputs, g.outputs, "QuantizeOptions")
    return g


def open_shape():
    """y = x + x with any number of rows."""
    g = small.Graph()
    g.inputs = [g.tensor("x", "FLOAT32", [1, 2], shape_signature=[-1, 2])]
    g.outputs = [g.tensor("y", "FLOAT32", [1, 2], shape_signature=[-1, 2])]
    g.op("ADD", g.inputs * 2, g.outputs, "AddOptions")
    return g


def packed():
    """An int4 constant and an int4 input that is the output."""
    g = small.Graph()
    x = g.tensor("x", "INT4", [1, 5], scale=0.5)
    g.tensor("c", "INT4", [3], bytes([0x8F, 0x07]))
    g.inputs = g.outputs = [x]
    return g


def strings():
    """Strings in another shape."""
    g = small.Graph()
    g.inputs = [g.tensor("s", "STRING", [2, 2])]
    g.outputs = [g.tensor("t", "STRING", [4])]
    g.op("RESHAPE", g.inputs + [g.tensor("shape", "INT32", [1], struct.pack("<i", 4))], g.outputs)
    return g


def text():
    """One string without a shape, in and out."""
    g = small.Graph()
    g.inputs = g.outputs = [g.tensor("s", "STRING", [])]
    return g


def chain():
    """y = (a + b) * b: one tensor in between."""
    g = small.Graph()
    a, b = (g.tensor(name, "FLOAT32", [1, 4]) for name in "ab")
    between, y = (g.tensor(name, "FLOAT32", [1, 4]) for name in ("between", "y"))
    g.op("ADD", [a, b], [between], "AddOptions")
    g.op("MUL", [between, b], [y], "MulOptions")
    g.inputs, g.outputs = [a, b], [y]
    return g


def empty():
    """No element at all."""
    g = small.Graph()
    g.inputs = [g.tensor("x", "FLOAT32", [0, 2])]
    g.outputs = [g.tensor("y", "FLOAT32", [0, 2])]
    g.op("ADD", g.inputs * 2, g.outputs, "AddOptions")
    return g


def random():
    """Eight numbers, for which the file gives no seed."""
    g = small.Graph()
    shape = g.tensor("shape", "INT32", [1], struct.pack("<i", 8))
    g.outputs = [g.tensor("y", "FLOAT32", [8])]
    g.op("RANDOM_UNIFORM", [shape], g.outputs, "RandomOptions")
    return g


def sums():
    """y = x + x + x, a picture."""
    g = small.Graph()
    x, twice, y = (g.tensor(name, "FLOAT32", [1, 2, 2, 2]) for name in ("x", "twice", "y"))
    g.op("ADD", [x, x], [twice], "AddOptions")
    g.op("ADD", [twice, x], [y], "AddOptions")
    g.inputs, g.outputs = [x], [y]
    return g


def stored():
    """A sparse constant and one with a scale for each block of two."""
    g = open_shape()
    g.tensor("sparse", "FLOAT32", [2, 3], struct.pack("<2f", 5, 7), sparsity={
        "traversal_order": [0, 1], "dim_metadata": [
            {"format": "DENSE", "dense_size": 2},
            {"format": "SPARSE_CSR",
             "array_segments_type": "Uint8Vector", "array_segments": {"values": [0, 1, 2]},
             "array_indices_type": "Int32Vector", "array_indices": {"values": [2, 0]}}]})
    scales = g.tensor("scales", "FLOAT16", [2], bytes(4))
    g.tensor("blocks", "INT8", [1, 4], bytes(4), quantization={
        "details_type": "BlockwiseQuantization",
        "details": {"scales": scales, "block_size": 2}})
    return g


def layers():
    """Every kind of operator that export_keras has a layer for and trained models here lack."""
    g = small.Graph()

    def constant(*values, shape=None, dtype="FLOAT32"):
        kind = "<%df" if dtype == "FLOAT32" else "<%di"
        return g.tensor("c", dtype, shape or [len(values)],
                        struct.pack(kind % len(values), *values))

    def then(op, shape, *inputs, options=None, **fields):
        out = g.tensor("net/%s/%d" % (op.lower(), len(g.tensors)), "FLOAT32", shape)
        g.op(op, list(inputs), [out], options, **fields)
        return out

    x = g.tensor("x", "FLOAT32", [1, 4, 4, 2])
    y = then("MUL", [1, 4, 4, 2], x, constant(0.5, 3), options="MulOptions")
    y = then("ADD", [1, 4, 4, 2], constant(0.25, shape=[1]), y, options="AddOptions",
             fused_activation_function="RELU6")
    y = then("SUB", [1, 4, 4, 2], y, constant(1, 2), options="SubOptions")
    y = then("DIV", [1, 4, 4, 2], y, constant(4, 0.5), options="DivOptions")
    y = then("TANH", [1, 4, 4, 2], y)
    y = then("PAD", [1, 7, 5, 2], y, constant(0, 0, 1, 2, 1, 0, 0, 0, shape=[4, 2], dtype="INT32"),
             options="PadOptions")
    leaky = then("LEAKY_RELU", [1, 7, 5, 2], y, options="LeakyReluOptions", alpha=0.25)
    other = then("PRELU", [1, 7, 5, 2], y, constant(0.5, -1, shape=[1, 1, 2]))
    y = then("CONCATENATION", [1, 7, 5, 4], leaky, other, options="ConcatenationOptions", axis=-1)
    y = then("MAX_POOL_2D", [1, 4, 3, 4], y, options="Pool2DOptions", padding="SAME", stride_w=2,
             stride_h=2, filter_width=3, filter_height=2)
    top = then("REDUCE_MAX", [1, 4], y, constant(1, 2, dtype="INT32"), options="ReducerOptions")
    y = then("MEAN", [1, 1, 1, 4], y, constant(1, 2, dtype="INT32"), options="ReducerOptions",
             keep_dims=True)
    y = then("SQUEEZE", [1, 4], y, options="SqueezeOptions")
    y = then("MAXIMUM", [1, 4], y, then("LOGISTIC", [1, 4], top), options="MaximumMinimumOptions")
    y = then("MUL", [1, 4], y, then("ELU", [1, 4], top), options="MulOptions",
             fused_activation_function="RELU")
    g.inputs, g.outputs = [x], [y, then("RELU6", [1, 4], top)]
    return g


def picture_layers():
    """The same of operators that models for pictures have: y and z, from 3x2 pixels to 4x12."""
    g = small.Graph()

    def constant(dtype, shape, *values):
        kind = "<%df" if dtype == "FLOAT32" else "<%di"
        return g.tensor("c", dtype, shape, struct.pack(kind % len(values), *values))

    def then(op, name, shape, *inputs, options=None, dtype="FLOAT32", **fields):
        out = g.tensor(name, dtype, shape)
        g.op(op, list(inputs), [out], options, **fields)
        return out

    def number(n):
        return constant("INT32", [1], n)

    x = g.tensor("x", "FLOAT32", [1, 3, 2, 2])
    # What the converter makes of a batch whose size it does not know.
    batch = then("STRIDED_SLICE", "batch", [], then("SHAPE", "shape", [4], x, dtype="INT32",
                 options="ShapeOptions", out_type="INT32"), number(0), number(1), number(1),
                 dtype="INT32", options="StridedSliceOptions", shrink_axis_mask=1)
    size = then("PACK", "size", [4], batch, *(constant("INT32", [], n) for n in (6, 4, 3)),
                dtype="INT32", options="PackOptions", values_count=4)
    weights = constant("FLOAT32", [3, 3, 2, 2], *((i * 7 % 11 - 5) / 8 for i in range(36)))
    y = then("TRANSPOSE_CONV", "up", [1, 6, 4, 3], size, weights, x,
             constant("FLOAT32", [3], 0.5, -1, 2), options="TransposeConvOptions", padding="SAME",
             stride_w=2, stride_h=2)
    y = then("HARD_SWISH", "swish", [1, 6, 4, 3], y, options="HardSwishOptions")
    y = then("RESIZE_NEAREST_NEIGHBOR", "twice", [1, 12, 4, 3], y, constant("INT32", [2], 12, 4),
             options="ResizeNearestNeighborOptions", half_pixel_centers=True)
    y = then("TRANSPOSE", "turned", [1, 4, 12, 3], y, constant("INT32", [4], 0, 2, 1, 3))
    gate = then("MEAN", "mean", [1, 1, 1, 3], y, constant("INT32", [2], 1, 2),
                options="ReducerOptions", keep_dims=True)
    gate = then("RELU_0_TO_1", "gate", [1, 1, 1, 3], gate)
    z = then("MUL", "gated", [1, 4, 12, 3], y, gate, options="MulOptions")
    weights = constant("FLOAT32", [1, 3, 1, 3], *((i * 5 % 9 - 4) / 4 for i in range(9)))
    g.inputs, g.outputs = [x], [z, then(
        "TRANSPOSE_CONV", "last", [1, 9, 24, 1], constant("INT32", [4], 1, 9, 24, 1), weights, z,
        options="TransposeConvOptions", padding="VALID", stride_w=2, stride_h=2,
        fused_activation_function="RELU6")]
    return g


def unknown(op):
    """An operator that the library has not."""
    g = small.Graph()
    g.inputs, g.outputs = [g.tensor("x", "FLOAT32", [1])], [g.tensor("y", "FLOAT32", [1])]
    g.op(op, g.inputs, g.outputs)
    return g


def coral():
    """y = 2 (2 x + 1) + 1, where an Edge TPU adds the ones; any number of rows."""
    g = small.Graph()
    x, a, b, c, y = (g.tensor(name, "FLOAT32", [1, 2], shape_signature=[-1, 2]) for name in "xabcy")
    g.inputs, g.outputs = [x], [y]
    g.op("ADD", [x, x], [a], "AddOptions")
    g.op("edgetpu-custom-op", [a], [b])
    g.op("ADD", [b, b], [c], "AddOptions")
    g.op("edgetpu-custom-op", [c], [y])
    return g


def flat():
    """y = x + 1, four numbers without a batch."""
    g = small.Graph()
    g.inputs, g.outputs = [g.tensor("x", "FLOAT32", [4])], [g.tensor("y", "FLOAT32", [4])]
    g.op("ADD", g.inputs + [g.tensor("one", "FLOAT32", [1], struct.pack("<f", 1))], g.outputs,
         "AddOptions")
    return g


def scalar():
    """y = x + x, single numbers without a shape."""
    g = small.Graph()
    g.inputs, g.outputs = [g.tensor("x", "FLOAT32", [])], [g.tensor("y", "FLOAT32", [])]
    g.op("ADD", g.inputs * 2, g.outputs, "AddOptions")
    return g


def types():
    """A tensor of each type, which goes in and comes out, and one of each that numpy lacks."""
    g = small.Graph()
    g.inputs = g.outputs = [g.tensor(name.lower().replace("_", ""), name, [2]) for name in (
        "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "BOOL", "INT16", "COMPLEX64", "INT8",
        "FLOAT64", "COMPLEX128", "UINT64", "UINT32", "UINT16", "INT4", "UINT4", "INT2",
        "FLOAT8_E4M3FN", "FLOAT8_E5M2")]
    for name in ("RESOURCE", "VARIANT", "BFLOAT16"):
        g.tensor(name.lower(), name, [2])
    return g


def constant(g, *numbers):
    return g.tensor("c", "INT32", [len(numbers)], struct.pack("<%di" % len(numbers), *numbers))


def picture(size):
    """The mean of each colour: three classes of pictures."""
    g = small.Graph()
    g.inputs = [g.tensor("picture", "FLOAT32", [1, size, size, 3])]
    g.outputs = [g.tensor("scores", "FLOAT32", [1, 3])]
    g.op("MEAN", g.inputs + [constant(g, 1, 2)], g.outputs, "ReducerOptions")
    return g


def rows(inputs, outputs):
    """As many inputs of three numbers each as outputs: their double."""
    g = small.Graph()
    g.inputs = [g.tensor("x%d" % i, "FLOAT32", [1, 3]) for i in range(inputs)]
    g.outputs = [g.tensor("y%d" % i, "FLOAT32", [1, 3]) for i in range(outputs)]
    for x, y in zip(g.inputs, g.outputs):
        g.op("ADD", [x, x], [y], "AddOptions")
    return g


def divide(dtype):
    """Quotient and remainder of integers, as real numbers."""
    g = small.Graph()
    g.inputs = [g.tensor(name, dtype, [1]) for name in "xy"]
    real = [g.tensor("real " + name, "FLOAT32", [1]) for name in "xy"]
    for x, y in zip(g.inputs, real):
        g.op("CAST", [x], [y], "CastOptions", in_data_type=dtype, out_data_type="FLOAT32")
    g.outputs = [g.tensor(name, "FLOAT32", [1]) for name in ("quotient", "remainder")]
    g.op("FLOOR_DIV", real, [g.outputs[0]], "FloorDivOptions")
    g.op("FLOOR_MOD", real, [g.outputs[1]], "FloorModOptions")
    return g


def signature(graph, key, subgraph=0):
    """A signature with the names of the graph's tensors."""
    def named(indices):
        return [{"name": graph.tensors[i]["name"], "tensor_index": i} for i in indices]
    return {"signature_key": key, "subgraph_index": subgraph, "inputs": named(graph.inputs),
            "outputs": named(graph.outputs)}


def names(subgraph, key, output):
    return {"signature_key": key, "subgraph_index": subgraph,
            "inputs": [{"name": "x", "tensor_index": 1}, {"name": "a", "tensor_index": 0}],
            "outputs": [{"name": output, "tensor_index": 2}]}


SPOT = "N" * 80  # a name that a test replaces by bytes of its own

GRAPHS = {
    "add": small.add_model(),
    "chain": chain(),
    "edgetpu": unknown("edgetpu-custom-op"),
    "empty": empty(),
    "flat": flat(),
    "gather": small.gather_model(),
    "layers": layers(),
    "lstm": small.lstm_model(),
    "one_row": rows(1, 1),
    "odd_name": unknown("it's (12), add (0)"),
    "open": open_shape(),
    "packed": packed(),
    "picture": picture(8),
    "picture_layers": picture_layers(),
    "picture224": picture(224),
    "quantized": quantized(),
    "random": random(),
    "scalar": scalar(),
    "stored": stored(),
    "strings": strings(),
    "sums": sums(),
    "text": text(),
    "tile": small.tile_model(),
    "two_rows": rows(2, 2),
    "types": types(),
    "unknown": unknown("nobody_has_this"),
    "unknown_builtin": unknown("DELEGATE"),
}


def main(flatc, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, graph in GRAPHS.items():
        small.write(flatc, folder / (name + ".tflite"), graph)
    for dtype in ("INT32", "INT64"):
        graph = divide(dtype)
        small.write(flatc, folder / ("divide_%s.tflite" % dtype.lower()), graph,
                    signature_defs=[signature(graph, "div_with_remainder")])
    graph = small.Graph()
    graph.inputs = [graph.tensor(name, "FLOAT32", [1]) for name in "xy"]
    graph.outputs = [graph.tensor("output_0", "FLOAT32", [1])]
    graph.op("ADD", graph.inputs, graph.outputs, "AddOptions")
    small.write(flatc, folder / "add_signature.tflite", graph,
                signature_defs=[signature(graph, "add")])
    graph = coral()
    small.write(flatc, folder / "coral.tflite", graph, signature_defs=[signature(graph, "serve")])
    graph = open_shape()
    graph.tensor("bytes of the metadata", "UINT8", [6], b"1.5.0\0")
    small.write(flatc, folder / "described.tflite", graph,
                metadata=[{"name": "min_runtime_version", "buffer": 1}, {"name": "empty"}])
    small.write(flatc, folder / "loop.tflite", *small.loop_models())
    graph = small.add_model(SPOT)
    for t in graph.tensors:
        t["name"] = SPOT
    graph.tensors[1]["name"] += "2"
    spots = [signature(graph, SPOT)]
    small.write(flatc, folder / "named.tflite", graph, description=SPOT, signature_defs=spots,
                metadata=[{"name": SPOT, "buffer": 0}])
    graph = unknown(SPOT.lower())
    small.write(flatc, folder / "named_operator.tflite", graph)
    graphs = [unknown("nobody_has_this"), unknown("nor_this"), small.add_model()]
    small.write(flatc, folder / "part.tflite", *graphs, signature_defs=[
        signature(graphs[i], key, i) for i, key in enumerate(["save", "restore", "infer"])])
    small.write(flatc, folder / "signatures.tflite", small.add_model("one"),
                small.add_model("two", "SUB"),
                signature_defs=[names(0, "plus", "sum"), names(1, "minus", "difference")])


if __name__ == "__main__":
    main(*sys.argv[1:])
