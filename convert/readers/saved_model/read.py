# SPDX-License-Identifier: Apache-2.0
"""A SavedModel as a graph of the format: a subgraph for each signature, variables as constants."""

from __future__ import annotations

import os
import pathlib
import typing

from ...building import shapes
from ...building.builder import Builder, needed
from ...format.graph import Array, ConvertError, Model, Signature, Subgraph, Tensor, signature
from ..failures import Failures
from ..mapped import mapped
from ..protobuf import Reader, Record
from . import (control as tf_control, graph_def, layers as tf_layers, maths as tf_maths, shapes as
               tf_shapes)
from .checkpoint import TYPES, Checkpoint
from .graph_def import Scope
from .node import NOTHING, Handler, Node, Resource, Restored, Value, dtype_of

HANDLERS: dict[str, Handler] = {**tf_shapes.HANDLERS, **tf_maths.HANDLERS, **tf_layers.HANDLERS,
                                **tf_control.HANDLERS}
DEEPEST_CALL = 32
MOST_NODES = 100_000  # of all functions, each counted as often as it is called

# What changes something outside of the graph, and so cannot be left out.
STATEFUL = ("Assign", "ScatterUpdate", "ResourceScatter", "QueueEnqueue", "LookupTableInsert")


def read_saved_model(
        folder: str | os.PathLike[str],
        signature_keys: list[str] | None = None,
        tags: typing.Iterable[str] = ("serve", ),
        shapes_by_name: typing.Mapping[str, typing.Sequence[int]] | None = None) -> Model:
    """The signatures of these names, or all; `shapes_by_name` states the shapes of inputs."""
    path = pathlib.Path(folder)
    name = "saved_model.pb"
    reader = Reader(graph_def.MESSAGES, name)
    saved = reader.parse(mapped(path / name, name), "SavedModel")
    wanted = set(tags)
    graphs = [m for m in saved.meta_graphs if m.graph is not None and m.info is not None
              and set(m.info.tags) == wanted]
    if not graphs:
        known = [",".join(m.info.tags) for m in saved.meta_graphs if m.info is not None]
        raise ConvertError("it has no graph tagged %s, but %s" % (
            ",".join(sorted(wanted)) or "with nothing", "; ".join(known[:8]) or "none"))
    return _Importer(path, graphs[0], dict(shapes_by_name or {})).convert(signature_keys)


class _Importer:
    def __init__(self, path: pathlib.Path, meta: Record,
                 given: dict[str, typing.Sequence[int]]) -> None:
        self._path, self._meta, self._given = path, meta, given
        self._graph = Scope(meta.graph.nodes, [])
        library = meta.graph.library.functions if meta.graph.library is not None else []
        self._functions = {f.signature.name: f for f in library if f.signature is not None}
        self._scopes: dict[str, Scope] = {}
        self._checkpoint: Checkpoint | None = None
        self._keys: dict[str, str] | None = None
        self._arrays: dict[str, Array] = {}

    def convert(self, keys: list[str] | None) -> Model:
        signatures = {e.key: e.value for e in self._meta.signatures
                      if e.value is not None and not e.key.startswith("__saved_model")}
        chosen = keys or sorted(signatures, key=lambda k: (k != "serving_default", k))
        missing = [k for k in chosen if k not in signatures]
        if missing or not chosen:
            raise ConvertError("it has no signature '%s', but %s" % (
                (missing or ["serving_default"])[0],
                ", ".join("'%s'" % k for k in sorted(signatures)) or "none"))
        known = {e.key for key in chosen for e in signatures[key].inputs}
        strange = sorted(set(self._given) - known)
        if strange:
            raise ConvertError("it has no input '%s', but %s" % (
                strange[0], ", ".join("'%s'" % k for k in sorted(known))))
        model = Model([], description="Converted from a SavedModel.")
        for key in chosen:
            try:
                subgraph, found = self._signature(key, signatures[key])
            except ConvertError as error:
                where = "signature '%s': " % key if len(chosen) > 1 else ""
                raise ConvertError("%s%s" % (where, error)) from None
            found.subgraph = len(model.subgraphs)
            model.subgraphs.append(subgraph)
            model.signatures.append(found)
        return model

    def _signature(self, key: str, definition: Record) -> tuple[Subgraph, Signature]:
        walk = Walk(self)
        inputs = {e.key: walk.input(e.value, self._given.get(e.key)) for e in
                  sorted(definition.inputs, key=lambda e: str(e.key)) if e.value is not None}
        names = {e.key: e.value.name for e in sorted(definition.outputs, key=lambda e: str(e.key))
                 if e.value is not None}
        if not names:
            raise ConvertError("signature '%s' has no outputs" % key)
        values = walk.main(self._graph, list(names.values()), False)
        walk.failures.check()
        outputs = {k: walk.output(n, v) for (k, n), v in zip(names.items(), values)}
        name = "main" if key == "serving_default" else key
        subgraph = Subgraph(name, list(inputs.values()), list(outputs.values()),
                            needed(walk.b.operators, list(outputs.values())))
        return subgraph, Signature(key, inputs, outputs)

    def function(self, name: str) -> Record | None:
        return self._functions.get(name)

    def scope(self, function: Record) -> Scope:
        name = function.signature.name
        if name not in self._scopes:
            arguments = [a.name for a in function.signature.inputs]
            self._scopes[name] = Scope(function.nodes, arguments)
        return self._scopes[name]

    def variable(self, name: str) -> Array:
        """The value that is restored into a variable."""
        if name not in self._arrays:
            if self._checkpoint is None:
                self._checkpoint = Checkpoint(self._path / "variables" / "variables")
            self._arrays[name] = self._checkpoint.array(self._key(name))
        return self._arrays[name]

    def _key(self, variable: str) -> str:
        if self._keys is None:
            restore = self._meta.saver.restore_op_name if self._meta.saver is not None else ""
            self._keys = {}
            if restore in self._graph.nodes:
                walk = Walk(self)
                walk.main(self._graph, [restore], True)
                self._keys = walk.restored
        found = self._keys.get(variable, variable)
        assert self._checkpoint is not None
        if found not in self._checkpoint:
            raise ConvertError("variable '%s' is not among those that were saved" % variable)
        return found


class Walk:
    """Goes through the nodes that a signature needs, and into the functions that they call."""

    def __init__(self, importer: _Importer) -> None:
        self._importer = importer
        self.b = Builder()
        self.failures = Failures()
        self.restored: dict[str, str] = {}
        self._inputs: dict[str, Tensor] = {}
        self._outputs: set[str] = set()
        self._constants: dict[str, Tensor] = {}
        self._count = 0
        self._control = False

    def input(self, info: Record, given: typing.Sequence[int] | None) -> Tensor:
        name = info.name.split(":")[0]
        if given is not None:
            shape = [int(s) for s in given]
        elif info.shape is None or info.shape.unknown_rank:
            raise ConvertError("input '%s' has no shape; state it" % info.name)
        else:
            shape = [int(d.size) for d in info.shape.dim]
        if len(shape) > 6 or any(s == 0 or s < -1 for s in shape):
            raise ConvertError("input '%s' has the shape %s" % (info.name, shape))
        if info.dtype not in TYPES:
            raise ConvertError("input '%s' has the data type %d, which is not supported"
                               % (info.name, info.dtype))
        self._inputs[name] = self.b.tensor(tuple(shape), dtype_of(info.dtype), info.name)
        return self._inputs[name]

    def main(self, scope: Scope, wanted: list[str], control: bool) -> list[Value]:
        """The values of these results of the main graph."""
        self._control = control
        env: dict[str, list[Value]] = {}
        self._run(scope, env, [scope.source(w)[0] for w in wanted], 0)
        return [self._get(scope, env, w) for w in wanted]

    def output(self, name: str, value: Value) -> Tensor:
        if not isinstance(value, Tensor):
            raise ConvertError("output '%s' is not a tensor" % name)
        self.b.layer = self.b.name = name
        made = {t for op in self.b.operators for t in op.outputs}
        tensor = value
        if value not in made or value.name in self._outputs:
            tensor = shapes.copied(self.b, value)
        self.b.rename(tensor, name)
        self._outputs.add(name)
        return tensor

    # ---- nodes ---------------------------------------------------------------------------------

    def function(self, name: str) -> Record | None:
        return self._importer.function(name)

    def call(self, name: str, arguments: list[Value], depth: int) -> list[Value]:
        """The results of a function."""
        function = self._importer.function(name)
        if function is None:
            raise ConvertError("there is no function '%s'" % name)
        if depth > DEEPEST_CALL:
            raise ConvertError("functions call each other more than %d deep" % DEEPEST_CALL)
        scope = self._importer.scope(function)
        if len(arguments) != len(scope.arguments):
            raise ConvertError("function '%s' takes %d arguments, not %d"
                               % (name, len(scope.arguments), len(arguments)))
        env = {a: [v] for a, v in zip(scope.arguments, arguments)}
        ret = {e.key: e.value for e in function.ret}
        results = [ret.get(a.name, a.name) for a in function.signature.outputs]
        wanted = [scope.source(r)[0] for r in results]
        effects = [e.value for e in function.control_ret]
        self._run(scope, env, wanted + (effects if self._control else []), depth)
        if not self._control:
            self._refuse_effects(scope, effects)
        return [self._get(scope, env, r) for r in results]

    def _refuse_effects(self, scope: Scope, effects: list[str]) -> None:
        for node in scope.order(effects, True):
            if node.op.startswith(STATEFUL):
                raise ConvertError("node '%s' (%s) changes a variable at every run, which is not "
                                   "supported" % (node.name, node.op))

    def _run(self, scope: Scope, env: dict[str, list[Value]], wanted: list[str],
             depth: int) -> None:
        for record in scope.order(wanted, self._control):
            if record.name in env:
                continue
            self._count += 1
            if self._count > MOST_NODES:
                raise ConvertError("more than %d nodes, counted in every call" % MOST_NODES)
            env[record.name] = self._node(scope, env, record, depth)

    def _node(self, scope: Scope, env: dict[str, list[Value]], record: Record, depth: int
              ) -> list[Value]:
        if depth == 0 and record.name in self._inputs:
            return [self._inputs[record.name]]
        function = self._importer.function(record.op)
        handler = HANDLERS.get(record.op)
        if handler is None and function is None:
            if not self._control:
                self.failures.unsupported(record.op, record.name)
            return []
        with self.failures.node(record.op, record.name):
            inputs = [self._get(scope, env, i) for i in record.inputs if not i.startswith("^")]
            if any(v is NOTHING for v in inputs) and not self._control:
                if not self.failures.any():
                    raise ConvertError("uses a result that is not supported")
                return []  # of a node that is named already
            node = Node(self, record, inputs, depth)
            self.b.layer, self.b.name = record.name, record.name
            if handler is None:
                return self.call(record.op, inputs, depth + 1)
            handler(node)
            return node.results
        return []

    def _get(self, scope: Scope, env: dict[str, list[Value]], text: str) -> Value:
        name, result, number = scope.source(text)
        values = env.get(name)
        if values is None:
            raise ConvertError("there is no node '%s'" % name)
        if name in scope.nodes:
            node = scope.nodes[name]
            number = graph_def.result_index(node, result, number, self._importer.function(node.op))
        return values[number] if number < len(values) else NOTHING

    # ---- variables -----------------------------------------------------------------------------

    def variable(self, resource: Resource) -> Tensor:
        """One constant, however often the variable is read."""
        if resource.name not in self._constants:
            self._constants[resource.name] = self.b.constant(
                self._importer.variable(resource.name), name=resource.name)
        return self._constants[resource.name]

    def assigned(self, resource: Value, value: Value) -> None:
        if isinstance(resource, Resource) and isinstance(value, Restored):
            self.restored[resource.name] = value.key
