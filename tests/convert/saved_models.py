# SPDX-License-Identifier: Apache-2.0
"""Writes small SavedModels, with functions and variables as TensorFlow lays them out, for tests."""

import os
import pathlib
import struct

import numpy as np
import wire

from pipit.convert.readers.saved_model import checkpoint, crc32c, graph_def

CODES = {np.dtype(v): k for k, v in checkpoint.TYPES.items()}


def shape(sizes):
    return {"dim": [{"size": s} for s in sizes]}


def tensor(values):
    values = np.asarray(values)
    if values.dtype.kind in "SO":
        return {"dtype": 7, "shape": shape(values.shape), "string_val": values.reshape(-1).tolist()}
    return {"dtype": CODES[values.dtype], "shape": shape(values.shape),
            "content": wire.bytes_of(values)}


def attribute(value):
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": value}
    if isinstance(value, float):
        return {"f": value}
    if isinstance(value, str):
        return {"s": value.encode()}
    if isinstance(value, (np.ndarray, np.generic)):
        return {"tensor": tensor(value)}
    if isinstance(value, np.dtype):
        return {"type": CODES[value]}
    if isinstance(value, Function):
        return {"func": {"name": value.name}}
    return {"list": {"i": list(value)}}


def entries(values, field):
    """A map, as messages have it."""
    return [{"key": k, "value": field(v)} for k, v in values.items()]


class Nodes:
    """Nodes added one after the other; each method returns the name of the first result."""

    def __init__(self):
        self.nodes = []
        self.suffix = ""

    def node(self, op, *inputs, name=None, result="", **attributes):
        name = name or "%s_%d" % (op.lower(), len(self.nodes))
        self.nodes.append({"name": name, "op": op, "inputs": list(inputs),
                           "attributes": entries(attributes, attribute)})
        return name + (result or self.suffix)

    def constant(self, values, dtype=None, **more):
        return self.node("Const", value=np.asarray(values, dtype), **more)


class Function(Nodes):
    """A function of the library; inside of one, results have names."""

    def __init__(self, name, *arguments, **attributes):
        super().__init__()
        self.name, self.arguments = name, arguments
        self.results, self.effects = {}, []
        self.attributes = attributes
        self.suffix = ":output:0"

    def fields(self):
        return {"signature": {"name": self.name, "inputs": [{"name": a} for a in self.arguments],
                              "outputs": [{"name": r} for r in self.results]},
                "nodes": self.nodes, "ret": entries(self.results, str),
                "control_ret": entries({e: e for e in self.effects}, str),
                "attributes": entries(self.attributes, attribute)}


class SavedModel(Nodes):
    """A main graph that calls one function, with variables that a function restores."""

    def __init__(self):
        super().__init__()
        self.functions, self.variables = [], {}
        self.inputs, self.outputs = {}, {}
        self.more = {}  # signatures beside serving_default
        self.restore = ""  # a node that restores variables, where there is one already

    def function(self, name, *arguments, **attributes):
        self.functions.append(Function(name, *arguments, **attributes))
        return self.functions[-1]

    def input(self, key, *sizes, dtype=np.float32):
        name = self.node("Placeholder", name="serving_default_" + key)
        self.inputs[key] = {"name": name + ":0", "dtype": CODES[np.dtype(dtype)],
                            "shape": shape(sizes)}
        return name

    def variable(self, name, values):
        self.variables[name] = np.asarray(values, np.float32)
        return self.node("VarHandleOp", name=name, shared_name=name)

    def output(self, key, name):
        self.outputs[key] = {"name": name}

    def _restore(self):
        """From keys that are not the names of the variables, as Keras has them."""
        names = list(self.variables)
        inner = self.function("__inference__traced_restore", "file_prefix",
                              *("assign_%d" % i for i in range(len(names))))
        keys = inner.constant(np.array([self.key(n).encode() for n in names], object))
        found = inner.node("RestoreV2", "file_prefix", keys, keys, name="restore").split(":")[0]
        for i in range(len(names)):
            value = inner.node("Identity", "%s:tensors:%d" % (found, i))
            done = inner.node("AssignVariableOp", "assign_%d" % i, value)
            inner.effects.append(done.split(":")[0])
        done = inner.node("Identity", "file_prefix", *("^" + e for e in inner.effects))
        inner.results["identity"] = done
        prefix = self.node("Placeholder", name="saver_filename")
        return self.node("StatefulPartitionedCall", prefix, *names, name="restore_all", f=inner)

    def key(self, name):
        return "layer-%d/.ATTRIBUTES/VARIABLE_VALUE" % list(self.variables).index(name)

    def content(self):
        restore = self.restore or (self._restore() if self.variables else "")
        every = {"serving_default": {"inputs": self.inputs, "outputs": self.outputs}, **self.more}
        signatures = entries(every, lambda each: {side: entries(names, dict)
                                                  for side, names in each.items()})
        functions = [f.fields() for f in self.functions]
        graph = {"nodes": self.nodes, "library": {"functions": functions}}
        return wire.encode(graph_def.MESSAGES, "SavedModel", {"meta_graphs": [
            {"info": {"tags": ["serve"]}, "saver": {"restore_op_name": restore},
             "signatures": signatures, "graph": graph}]})

    def save(self, folder):
        folder = pathlib.Path(folder)
        (folder / "variables").mkdir(parents=True, exist_ok=True)
        (folder / "saved_model.pb").write_bytes(self.content())
        write_variables(folder / "variables", {self.key(n): v for n, v in self.variables.items()})
        return folder


# ---- variables -----------------------------------------------------------------------------------


def write_variables(folder, arrays):
    data, found = b"", {b"": wire.encode(checkpoint.MESSAGES, "BundleHeader", {"num_shards": 1})}
    for name in sorted(arrays):
        content = wire.bytes_of(arrays[name])
        found[name.encode()] = wire.encode(checkpoint.MESSAGES, "BundleEntry", {
            "dtype": CODES[arrays[name].dtype], "shape": shape(arrays[name].shape),
            "offset": len(data), "size": len(content),
            "crc32c": crc32c.masked(memoryview(content))})
        data += content
    (folder / "variables.data-00000-of-00001").write_bytes(data)
    (folder / "variables.index").write_bytes(table(found))


def table(entries):
    blocks, index = b"", {}
    for first in range(0, len(entries), 3):  # some blocks, for more than one
        part = dict(list(entries.items())[first:first + 3])
        handle = wire.varint(len(blocks)) + wire.varint(len(block(part)) - 5)
        blocks, index[list(part)[-1] + b"\xff"] = blocks + block(part), handle
    empty = block({})
    footer = wire.varint(len(blocks)) + wire.varint(len(empty) - 5)
    blocks += empty
    footer += wire.varint(len(blocks)) + wire.varint(len(block(index)) - 5)
    return blocks + block(index) + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def block(entries):
    out, before = b"", b""
    for key, value in entries.items():
        shared = len(os.path.commonprefix([key, before]))
        out += wire.varint(shared) + wire.varint(len(key) - shared) + wire.varint(len(value))
        out += key[shared:] + value
        before = key
    out += struct.pack("<II", 0, 1) + b"\0"
    return out + struct.pack("<I", crc32c.masked(memoryview(out)))
