# SPDX-License-Identifier: Apache-2.0
"""Writes .tflite files from Python.

    model = ModelWriter("adds two tensors")
    graph = model.subgraph("main")
    a = graph.tensor("a", [1, 4], "FLOAT32")
    b = graph.tensor("b", [1, 4], "FLOAT32", data=np.ones((1, 4), np.float32))
    y = graph.tensor("y", [1, 4], "FLOAT32")
    graph.op("ADD", [a, b], [y], "AddOptions", fused_activation_function="RELU")
    graph.inputs, graph.outputs = [a], [y]
    model.signature("serving_default", graph, {"a": a}, {"y": y})
    model.save("add.tflite")

The schema is the project's own, core/schema/tflite.fbs. `flatc` (environment variable FLATC names
another one) turns it into Python in a temporary directory each time, so no generated code is kept.
Needs Debian's flatbuffers-compiler, python3-flatbuffers and python3-numpy.
"""

import functools
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple, Sequence

import flatbuffers
import numpy as np

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "core" / "schema" / "tflite.fbs"
FILE_IDENTIFIER = b"TFL3"
FILE_VERSION = 3
BUFFER_ALIGNMENT = 16

# The namespace of the generated modules: one that no installed package has.
_PACKAGE = "pipit_generated_schema"

# Option fields that take the name of an enum's value, and that enum.
_ENUM_FIELDS = {
    "padding": "Padding",
    "fused_activation_function": "ActivationFunctionType",
    "quantized_bias_type": "TensorType",
    "weights_format": "FullyConnectedOptionsWeightsFormat",
    "in_data_type": "TensorType",
    "out_data_type": "TensorType",
    "output_type": "TensorType",
    "out_type": "TensorType",
    "mode": "MirrorPadMode",
}


class Quant(NamedTuple):
    """real = (q - zero_point[c]) * scale[c]; one entry, or one for each index c of `axis`."""

    scale: Sequence[float]
    zero_point: Sequence[int]
    axis: int = 0


@functools.lru_cache(maxsize=None)
def _generate(schema):
    """Runs flatc and returns a function that looks a generated module up by its table's name."""
    text = pathlib.Path(schema).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        renamed = pathlib.Path(directory) / "schema.fbs"
        renamed.write_text(text.replace("namespace pipit.fb;", f"namespace {_PACKAGE};"),
                           encoding="utf-8")
        flatc = os.environ.get("FLATC", "flatc")
        subprocess.run([flatc, "--python", "--gen-object-api", "-o", directory, renamed],
                       check=True)
        sys.path.insert(0, directory)
        try:
            names = [path.stem for path in (pathlib.Path(directory) / _PACKAGE).glob("*.py")]
            modules = {name: importlib.import_module(f"{_PACKAGE}.{name}") for name in names}
        finally:
            sys.path.remove(directory)
    return modules


class _Buffer:
    """Takes the place of the generated BufferT, whose Pack() ignores `force_align: 16`."""

    def __init__(self, module, data):
        self.module = module
        self.data = np.frombuffer(bytes(data), np.uint8)

    def Pack(self, builder):
        vector = None
        if self.data.size:
            builder.Prep(BUFFER_ALIGNMENT, self.data.size)
            vector = builder.CreateNumpyVector(self.data)
        self.module.BufferStart(builder)
        if vector is not None:
            self.module.BufferAddData(builder, vector)
        return self.module.BufferEnd(builder)


class SubGraph:
    """Tensors and operators of one subgraph; `inputs` and `outputs` are lists of tensor indices."""

    def __init__(self, model, index, table):
        self._model = model
        self._table = table
        self.index = index
        self.inputs = []
        self.outputs = []

    def tensor(self, name, shape, dtype, data=None, quant=None, variable=False,
               shape_signature=None):
        """Adds a tensor and returns its index.

        `dtype` is a name of TensorType. `data` makes it a constant: an array whose bytes are stored
        as they are (the caller chose the element type), or bytes. In `shape_signature`, -1 marks a
        dimension that may change.
        """
        table = self._model.new("Tensor")
        table.name = name
        table.shape = [int(d) for d in shape]
        table.type = self._model.enum("TensorType", dtype)
        table.isVariable = variable
        if shape_signature is not None:
            table.shapeSignature = [int(d) for d in shape_signature]
        if data is not None:
            raw = data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes()
            table.buffer = self._model.buffer(raw)
        if quant is not None:
            table.quantization = self._model.new("QuantizationParameters")
            table.quantization.scale = [float(s) for s in quant.scale]
            table.quantization.zeroPoint = [int(z) for z in quant.zero_point]
            table.quantization.quantizedDimension = quant.axis
        self._table.tensors.append(table)
        return len(self._table.tensors) - 1

    def op(self, code, inputs, outputs, options=None, version=1, custom_options=None, **fields):
        """Adds an operator: `code` is a name of BuiltinOperator, any other string a custom one.

        `inputs` are tensor indices, -1 for an optional one left out. `options` names the table of
        options, and `fields` are its fields as the schema spells them; enums go by name.
        """
        table = self._model.new("Operator")
        table.opcodeIndex = self._model.operator_code(code, version)
        table.inputs, table.outputs = list(inputs), list(outputs)
        if options is not None:
            self._set_options(table, options, fields)
        if custom_options is not None:
            table.customOptions = np.frombuffer(custom_options, np.uint8)
        self._table.operators.append(table)

    def _set_options(self, operator, name, fields):
        options = self._model.new(name)
        for field, value in fields.items():
            attribute = _camel(field)
            if not hasattr(options, attribute):
                raise AttributeError(f"{name} has no field {field}")
            if isinstance(value, str):
                value = self._model.enum(_ENUM_FIELDS[field], value)
            setattr(options, attribute, value)
        union = "builtinOptions" if self._model.has("BuiltinOptions", name) else "builtinOptions2"
        setattr(operator, union, options)
        setattr(operator, union + "Type",
                self._model.enum(union[0].upper() + union[1:], name))

    def finish(self):
        """Returns the generated table, complete."""
        self._table.inputs, self._table.outputs = list(self.inputs), list(self.outputs)
        return self._table


class ModelWriter:
    """A model under construction: subgraphs, signatures, metadata and a description."""

    def __init__(self, description="", schema=SCHEMA):
        self._modules = _generate(str(schema))
        self._model = self.new("Model")
        self._model.version = FILE_VERSION
        self._model.description = description
        self._model.operatorCodes = []
        self._model.buffers = []
        self._model.metadata = []
        self._model.signatureDefs = []
        self._codes = {}
        self._subgraphs = []
        self.buffer(b"")  # buffer 0 stands for "no data"

    def subgraph(self, name="main"):
        """Adds a subgraph; the first one is what a plain invocation runs."""
        table = self.new("SubGraph")
        table.name, table.tensors, table.operators = name, [], []
        self._subgraphs.append(SubGraph(self, len(self._subgraphs), table))
        return self._subgraphs[-1]

    def signature(self, key, graph, inputs, outputs):
        """Names an entry point into `graph`; the dictionaries map names to tensor indices."""
        table = self.new("SignatureDef")
        table.signatureKey, table.subgraphIndex = key, graph.index
        table.inputs, table.outputs = self._tensor_maps(inputs), self._tensor_maps(outputs)
        self._model.signatureDefs.append(table)

    def metadata(self, name, data):
        """Attaches named bytes."""
        table = self.new("Metadata")
        table.name, table.buffer = name, self.buffer(data)
        self._model.metadata.append(table)

    def to_bytes(self):
        """The finished file. The same calls give the same bytes."""
        self._model.subgraphs = [graph.finish() for graph in self._subgraphs]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self._model.Pack(builder), FILE_IDENTIFIER)
        return bytes(builder.Output())

    def save(self, path):
        """Writes the finished file."""
        pathlib.Path(path).write_bytes(self.to_bytes())

    # ---- For SubGraph ------------------------------------------------------------------------

    def new(self, table):
        """A new object of the schema's `table`."""
        return getattr(self._modules[table], table + "T")()

    def has(self, enum, value):
        """Whether the schema's `enum` (or union) has a value of that name."""
        return hasattr(getattr(self._modules[enum], enum), value)

    def enum(self, enum, value):
        """The number of a value of the schema's `enum` (or union)."""
        return getattr(getattr(self._modules[enum], enum), value)

    def buffer(self, data):
        """Adds a buffer and returns its index."""
        self._model.buffers.append(_Buffer(self._modules["Buffer"], data))
        return len(self._model.buffers) - 1

    def operator_code(self, code, version):
        """The index of an operator code, added at its first use."""
        if (code, version) not in self._codes:
            table = self.new("OperatorCode")
            custom = not self.has("BuiltinOperator", code)
            table.customCode = code if custom else None
            table.builtinCode = self.enum("BuiltinOperator", "CUSTOM" if custom else code)
            # Readers of older files know only the 8-bit field; 127 tells them to look further.
            table.deprecatedBuiltinCode = min(table.builtinCode, 127)
            table.version = version
            self._codes[code, version] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(table)
        return self._codes[code, version]

    def _tensor_maps(self, names):
        maps = []
        for name, index in names.items():
            table = self.new("TensorMap")
            table.name, table.tensorIndex = name, index
            maps.append(table)
        return maps


def _camel(name):
    """stride_w -> strideW, as flatc spells fields in Python."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
