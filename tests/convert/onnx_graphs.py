# SPDX-License-Identifier: Apache-2.0
"""Writes small ONNX files, and runs what they are converted to, for tests."""

import pathlib
import tempfile

import numpy as np
import wire

from pipit.convert.format import tflite_file
from pipit.convert.readers.onnx import file as onnx_file, read as onnx
from pipit.convert.rewriting.rewrite import rewrite
from pipit.interpreter import Interpreter

CODES = {np.dtype(v): k for k, (v, _) in onnx_file.TYPES.items()}


def tensor(name, values, **more):
    values = np.asarray(values)
    return {"dims": list(values.shape), "data_type": CODES[values.dtype], "name": name,
            "raw_data": wire.bytes_of(values), **more}


def attribute(name, value):
    if isinstance(value, Graph):
        return {"name": name, "g": value.fields()["graph"], "type": 5}
    if isinstance(value, np.ndarray):
        return {"name": name, "t": tensor("", value), "type": 4}
    if isinstance(value, str):
        return {"name": name, "s": value.encode(), "type": 3}
    if isinstance(value, float):
        return {"name": name, "f": value, "type": 1}
    if isinstance(value, int):
        return {"name": name, "i": value, "type": 2}
    if value and isinstance(value[0], str):
        return {"name": name, "strings": [v.encode() for v in value], "type": 8}
    if value and isinstance(value[0], float):
        return {"name": name, "floats": value, "type": 6}
    return {"name": name, "ints": list(value), "type": 7}


class Graph:
    """Nodes added one after the other; each method returns the name of what comes out."""

    def __init__(self, opset=17, seed=0, prefix=""):
        """`prefix`: of the names in a graph that is inside of another one."""
        self.opset, self.prefix = opset, prefix
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        self.random = np.random.default_rng(seed)

    def input(self, name, *shape, dtype=np.float32):
        dims = [{"dim_param": s} if isinstance(s, str) else {"dim_value": s} for s in shape]
        self.inputs.append({"name": name, "type": {"tensor_type": {
            "elem_type": CODES[np.dtype(dtype)], "shape": {"dim": dims}}}})
        return name

    def constant(self, values, dtype=None):
        name = "%sc%d" % (self.prefix, len(self.constants))
        self.constants.append(tensor(name, np.asarray(values, dtype)))
        return name

    def weights(self, *shape):
        fan_in = np.prod(shape[1:]) if len(shape) > 1 else 4
        return self.constant(self.random.normal(0, 1 / np.sqrt(fan_in), shape).astype(np.float32))

    def node(self, op, *inputs, outputs=1, domain="", name=None, **attributes):
        number = len(self.nodes)
        made = ["%s%s_%d" % (self.prefix, op.lower(), number) + (".%d" % i if i else "") for i in range(outputs)]
        self.nodes.append({"input": list(inputs), "output": made, "op_type": op, "domain": domain,
                           "name": name if name is not None else "/node/%s%d" % (self.prefix, number),
                           "attribute": [attribute(k, v) for k, v in attributes.items()]})
        return made[0] if outputs == 1 else made

    def output(self, name):
        self.outputs.append({"name": name})

    def fields(self):
        return {"ir_version": 8, "opset_import": [{"version": self.opset}],
                "graph": {"node": self.nodes, "initializer": self.constants, "input": self.inputs,
                          "output": self.outputs}}

    def content(self):
        return wire.encode(onnx_file.MESSAGES, "ModelProto", self.fields())

    def convert(self, rewritten=True, **options):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.onnx"
            path.write_bytes(self.content())
            model = onnx.read_onnx(str(path), **options)
        if rewritten:
            rewrite(model)
        return model


def kinds(model):
    return [op.kind for op in model.main.operators]


def run(model, *inputs):
    """The outputs, for inputs in the order of the subgraph's."""
    with Interpreter(model_content=tflite_file.write(model)) as interpreter:
        details = interpreter.get_input_details()
        for detail, values in zip(details, inputs):
            interpreter.resize_tensor_input(detail["index"], values.shape)
        interpreter.allocate_tensors()
        for detail, values in zip(details, inputs):
            interpreter.set_tensor(detail["index"], values)
        interpreter.invoke()
        return [interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()]
