# SPDX-License-Identifier: Apache-2.0
"""An ONNX model as a graph of the format. Pictures become [batch, height, width, channels]."""

from __future__ import annotations

import typing

import numpy as np

from ...building import shapes
from ...building.builder import Builder, needed
from ...format.graph import (Array, ConvertError, Model, Operator, Shape, Signature, Subgraph,
                             Tensor, signature)
from ..failures import Failures
from ..protobuf import Record
from . import (control as onnx_control, layers as onnx_layers, maths as onnx_maths, quantized as
               onnx_quantized, recurrent as onnx_recurrent, shapes as onnx_shapes)
from .file import TYPES, OnnxFile
from .layout import Layout, Value, channels_last, identity, plain
from .node import Handler, Node

HANDLERS: dict[str, Handler] = {**onnx_shapes.HANDLERS, **onnx_maths.HANDLERS,
                                **onnx_layers.HANDLERS, **onnx_recurrent.HANDLERS,
                                **onnx_quantized.HANDLERS, **onnx_control.HANDLERS}
DOMAINS = ("", "ai.onnx", "com.microsoft")
OLDEST, NEWEST = 7, 21
WIDE_FLOATS = (1, 10, 11)  # all computed as float32

# What says that its input is a picture, and what hands one on as it is.
PICTURES = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
            "BatchNormalization", "InstanceNormalization", "Resize", "Upsample", "DepthToSpace",
            "SpaceToDepth", "LRN"}
NEUTRAL = {"Identity", "Dropout", "Cast", "Relu", "Clip", "LeakyRelu", "PRelu", "Sigmoid", "Tanh",
           "Add", "Sub", "Mul", "Div", "Pad", "Neg", "Abs", "Exp", "Sqrt", "Elu", "HardSigmoid",
           "HardSwish", "Concat", "Slice", "Split", "QuantizeLinear", "DequantizeLinear", "Gelu",
           "Max", "Min", "Pow", "Constant"}


def read_onnx(path: str, shapes_by_name: typing.Mapping[str, typing.Sequence[int]] | None = None,
              keep_layout: bool = False,
              fixed: typing.Mapping[str, float] | None = None) -> Model:
    """Inputs of pictures, and outputs with pictures, have their channels last unless keep_layout is
    set; `shapes_by_name` states sizes, in the file's order, that the file leaves open. Inputs that
    are `fixed` to a value are none of the result's."""
    file = OnnxFile(path)
    return Importer(file, dict(shapes_by_name or {}), keep_layout, dict(fixed or {})).convert()


class Importer:
    """What of one file is known so far: each value of the graph by its name."""

    def __init__(self, file: OnnxFile, given: dict[str, typing.Sequence[int]], keep: bool,
                 fixed: dict[str, float]) -> None:
        self.file = file
        self.graph: Record = file.model.graph
        self.opset = max(
            (e.version for e in file.model.opset_import if e.domain in ("", "ai.onnx")),
            default=NEWEST)
        self.b = Builder()
        self.layout = Layout(self.b)
        self.failures = Failures()
        self.values: dict[str, Value] = {}
        self.used = _used(self.graph)
        self._given, self._keep, self._fixed = given, keep, fixed
        self._initializers = {t.name: t for t in self.graph.initializer}
        self._inputs: dict[str, Tensor] = {}
        self._last_ranks: set[int] = set()

    def convert(self) -> Model:
        self._check()
        for value in self.graph.input:
            if value.name in self._fixed:
                self._constant_input(value)
            elif value.name not in self._initializers:
                self._input(value)
        unknown = sorted((set(self._given) | set(self._fixed)) - {v.name for v in self.graph.input})
        if unknown:
            raise ConvertError("it has no input '%s'" % unknown[0])
        self._nodes(self.graph)
        self.failures.check()
        main = Subgraph("main", list(self._inputs.values()), [], self.b.operators)
        outputs = {o.name: self._output(o.name) for o in self.graph.output}
        main.outputs = list(outputs.values())
        main.operators = needed(self.b.operators, main.outputs)
        return Model([main], [Signature("serving_default", dict(self._inputs), outputs)],
                     "Converted from ONNX.")

    def _check(self) -> None:
        if not OLDEST <= self.opset <= NEWEST:
            raise ConvertError("it has version %d of the operators; %d to %d are supported"
                               % (self.opset, OLDEST, NEWEST))
        if not self.graph.output:
            raise ConvertError("it has no outputs")

    def _name_unsupported(self, graph: Record) -> None:
        if graph.sparse_initializer:
            raise ConvertError("it has sparse initializers, which are not supported")
        for i, node in enumerate(graph.node):
            node.name = node.name or (node.output[0] if node.output else "#%d" % i)
            if node.domain not in DOMAINS or node.op_type not in HANDLERS:
                kind = node.op_type if node.domain in DOMAINS else "%s.%s" % (node.domain,
                                                                              node.op_type)
                self.failures.unsupported(kind, node.name)

    # ---- values --------------------------------------------------------------------------------

    def value(self, name: str) -> Value:
        if name not in self.values:
            if name not in self._initializers:
                raise ConvertError("'%s' is not made by a node before this one" % name)
            self.values[name] = plain(self.b.constant(self.file.array(self._initializers[name]),
                                                      name=name))
        return self.values[name]

    def known(self, name: str) -> bool:
        return name in self.values or name in self._initializers

    def _constant_input(self, value: Record) -> None:
        """An input with one value, which is settled now."""
        kind, where = _type_of(value)
        sizes = [d.dim_value for d in kind.shape.dim] if kind.shape is not None else []
        if any(s not in (1, None) for s in sizes):
            raise ConvertError("%s has the shape %s, not one value" % (where, sizes))
        dtype = np.float32 if kind.elem_type in WIDE_FLOATS else TYPES[kind.elem_type][0]
        data = np.full([1] * len(sizes), self._fixed[value.name], dtype)
        self.values[value.name] = plain(self.b.constant(data, name=value.name))

    def _input(self, value: Record) -> None:
        kind, where = _type_of(value)
        if kind.shape is None and value.name not in self._given:
            raise ConvertError("%s has no shape; state it" % where)
        shape = [d.dim_value if d.dim_value is not None and d.dim_value >= 0 else -1
                 for d in (kind.shape.dim if kind.shape is not None else [])]
        shape = self._stated(where, shape, value.name)
        dtype = "FLOAT32" if kind.elem_type in WIDE_FLOATS else self.b.constant(
            np.zeros(1, TYPES[kind.elem_type][0])).dtype
        order = identity(len(shape))
        if not self._keep and len(shape) > 2 and self._is_picture(value.name):
            order = channels_last(len(shape))
            self._last_ranks.add(len(shape))
        tensor = self.b.tensor(tuple(shape[a] for a in order), dtype, value.name)
        self._inputs[value.name] = tensor
        self.values[value.name] = Value(tensor, order)

    def _stated(self, where: str, shape: list[int], name: str) -> list[int]:
        given = [int(s) for s in self._given.get(name, shape)]
        if len(shape) and (len(given) != len(shape) or any(
                s not in (-1, g) for s, g in zip(shape, given))):
            raise ConvertError("%s has the shape %s, not %s" % (where, shape, given))
        if len(given) > 6 or 0 in given:
            raise ConvertError("%s has the shape %s" % (where, given))
        return given

    def _is_picture(self, name: str) -> bool:
        """Whether it reaches an operator that takes pictures as their channels come."""
        reached = {name}
        for node in self.graph.node:
            first = node.op_type in PICTURES and node.input[:1] and node.input[0] in reached
            if first:
                return True
            if node.op_type in NEUTRAL and reached & set(node.input):
                reached |= set(node.output)
        return False

    def _output(self, name: str) -> Tensor:
        if not self.known(name):
            raise ConvertError("output '%s' is not made by any node" % name)
        value = self.value(name)
        self.b.layer = self.b.name = name
        tensor = value.tensor if self._stays(value) else self.layout.plain(value)
        made = {t for op in self.b.operators for t in op.outputs}
        if tensor not in made or tensor.name in self._outputs():
            tensor = shapes.copied(self.b, tensor)
        if tensor.name != name:
            self.b.rename(tensor, name)
        return tensor

    def _stays(self, value: Value) -> bool:
        """Whether an output's channels stay last: a picture's, or a row's where an input is one."""
        return value.order == channels_last(value.rank) and value.columns is None and \
            not self._keep and (value.rank > 3 or value.rank in self._last_ranks)

    def _outputs(self) -> set[str]:
        return {o.name for o in self.graph.output} - {self.b.name}

    # ---- nodes ---------------------------------------------------------------------------------

    def _nodes(self, graph: Record) -> None:
        self._name_unsupported(graph)
        for record in graph.node:
            self._node(record)

    def inner(self, graph: Record, given: list[Value]) -> list[Value]:
        """The results of a graph inside of this one, which sees what is known here, and whose own
        names are forgotten: it may run once more."""
        outside = self.values, self._initializers
        self.values = {**self.values, **{i.name: v for i, v in zip(graph.input, given)}}
        self._initializers = {**self._initializers, **{t.name: t for t in graph.initializer}}
        try:
            self._nodes(graph)
            return [] if self.failures.any() else [self.value(o.name) for o in graph.output]
        finally:
            self.values, self._initializers = outside

    def _node(self, record: Record) -> None:
        node = Node(self, record)
        if record.op_type not in HANDLERS or record.domain not in DOMAINS or (
                self.failures.any() and not all(self.known(i) for i in record.input if i)):
            return  # named already, or the result of one that is
        self.b.layer = record.name
        self.b.name = record.output[0] if record.output else record.name
        with self.failures.node(record.op_type, record.name):
            HANDLERS[record.op_type](node)
            for name in record.output if not self.failures.any() else []:
                if name and name in self.used and name not in self.values:
                    raise ConvertError("output '%s' is not supported" % name)


def _used(graph: Record) -> set[str]:
    """The names that nodes and outputs refer to, in this graph and those inside."""
    used = {i for n in graph.node for i in n.input} | {o.name for o in graph.output}
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.g is not None:
                used |= _used(attribute.g)
    return used


def _type_of(value: Record) -> tuple[Record, str]:
    kind = value.type.tensor_type if value.type is not None else None
    where = "input '%s'" % value.name
    if kind is None or (kind.elem_type not in TYPES and kind.elem_type not in WIDE_FLOATS):
        raise ConvertError("%s is not a tensor of a supported type" % where)
    return kind, where
