# SPDX-License-Identifier: Apache-2.0
"""Builds the integer model from a float one: each operator in the type that was decided for it, and
conversions where two types meet."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.graph import Array, Model, Operator, Quantization, Signature, Subgraph, Tensor
from . import recurrent, weights as w
from .op_rules import (FIXED, FLOAT32, INT16, INT8, RULES, SAME, Weights, can_run, real_inputs,
                       real_outputs, weights_of)
from .ranges import MIN_MAX, Range, chosen

Key = tuple[int, str]  # a tensor's identity, and a type of integers


@dataclasses.dataclass(frozen=True)
class Style:
    """How ranges are chosen, and how weights are rounded."""

    ranges: str = MIN_MAX
    percentile: float = 99.99
    search_weights: bool = False
    weight_type: str = INT8
    dense_per_channel: bool = False


def decide(graph: Subgraph, dtype: str, kept: dict[int, str]) -> dict[int, str]:
    """The type of each operator, by its identity. `kept`: what some shall have instead."""
    types: dict[int, str] = {}
    producer = {id(tensor): op for op in graph.operators for tensor in op.outputs}
    for op in graph.operators:
        wanted = kept.get(id(op), dtype)
        if wanted != FLOAT32 and not can_run(op, wanted):
            wanted = FLOAT32
        if wanted != FLOAT32 and RULES[op.kind].scale == SAME and _all_float(op, producer, types):
            wanted = FLOAT32  # nothing is gained by rounding what it only hands on
        types[id(op)] = wanted
    return types


def _all_float(op: Operator, producer: dict[int, Operator], types: dict[int, str]) -> bool:
    """Whether all that the operator gets comes from operators in floats."""
    sources = [producer.get(id(op.inputs[i])) for i in real_inputs(op)]
    return all(source is not None and types.get(id(source)) == FLOAT32 for source in sources)


class _Scales:
    """Which tensors share a scale, and what it is."""

    def __init__(self, graph: Subgraph, types: dict[int, str], ranges: dict[int, Range],
                 style: Style) -> None:
        self._parent: dict[Key, Key] = {}
        self._fixed: dict[Key, tuple[float, int]] = {}
        self._symmetric: set[Key] = set()  # have zero point 0
        self._members: dict[Key, list[int]] = {}
        self._chosen: dict[Key, Quantization] = {}
        self._ranges, self._style = dict(ranges), style
        for op in graph.operators:
            if types[id(op)] != FLOAT32:
                self._see(op, types[id(op)])

    def _find(self, key: Key) -> Key:
        self._parent.setdefault(key, key)
        self._members.setdefault(key, [key[0]])
        while self._parent[key] != key:
            key = self._parent[key]
        return key

    def _unite(self, a: Key, b: Key) -> None:
        a, b = self._find(a), self._find(b)
        if a == b:
            return
        self._parent[b] = a
        self._members[a] += self._members.pop(b)
        if b in self._fixed:
            self._fixed[a] = self._fixed.pop(b)
        if b in self._symmetric:
            self._symmetric.add(a)

    def _see(self, op: Operator, dtype: str) -> None:
        rule = RULES[op.kind]
        for i in real_inputs(op):
            self._note_constant(op.inputs[i])
        if op.kind == recurrent.LSTM:  # TensorFlow Lite 2.9 starts from 0, whatever stands for it
            self._symmetric.add(self._find((id(op.outputs[0]), dtype)))
        if rule.scale == FIXED:
            for i in real_outputs(op):
                self._fixed[self._find((id(op.outputs[i]), dtype))] = rule.fixed[dtype]
        elif rule.scale == SAME:
            self._share(op, dtype)

    def _note_constant(self, tensor: Tensor | None) -> None:
        if tensor is not None and tensor.data is not None and id(tensor) not in self._ranges:
            seen = self._ranges[id(tensor)] = Range()
            seen.add(np.asarray(tensor.data), False)

    def _share(self, op: Operator, dtype: str) -> None:
        """Inputs and outputs get one scale, but for inputs among several whose own is fixed."""
        inputs = [(id(op.inputs[i]), dtype) for i in real_inputs(op)]
        outputs = [(id(op.outputs[i]), dtype) for i in real_outputs(op)]
        moving = [(id(op.inputs[i]), dtype) for i in real_inputs(op) if not _is_constant(op, i)]
        fixed = {self._fixed.get(self._find(key)) for key in moving or inputs}
        free = [key for key in inputs if self._find(key) not in self._fixed]
        for key in (inputs if len(fixed) == 1 else free) + outputs:
            self._unite(outputs[0] if outputs else inputs[0], key)

    def of(self, tensor: Tensor, dtype: str) -> Quantization:
        root = self._find((id(tensor), dtype))
        if root not in self._chosen:
            self._chosen[root] = self._choose(root, dtype)
        return self._chosen[root]

    def greatest(self, tensor: Tensor | None) -> float:
        """The greatest magnitude of a tensor's values; 0 when none was seen."""
        seen = self._ranges.get(id(tensor))
        return 0.0 if seen is None or seen.empty else max(-seen.low, seen.high)

    def _choose(self, root: Key, dtype: str) -> Quantization:
        if root in self._fixed:
            scale, zero = self._fixed[root]
            return Quantization(np.array([scale], np.float32), np.array([zero], np.int64))
        merged = Range()
        for member in self._members[root]:
            if member in self._ranges:
                merged.merge(self._ranges[member])
        least, most = w.LEVELS[dtype]
        low, high = chosen(merged, self._style.ranges, most - least + 1, self._style.percentile,
                           dtype == INT16)
        if root in self._symmetric:
            low, high = min(low, -high * least / -most), max(high, low * most / least)
        return covering(low, high, dtype)


def _is_constant(op: Operator, i: int) -> bool:
    tensor = op.inputs[i]
    return tensor is not None and tensor.data is not None


def covering(low: float, high: float, dtype: str) -> Quantization:
    """Scale and zero point with which the integers of that type cover a range around zero."""
    least, most = w.LEVELS[dtype]
    if dtype == INT16:
        scale, zero = max(-low, high) / most, 0
    else:
        scale = (high - low) / (most - least)
        zero = int(np.clip(np.round(least - low / scale), least, most)) if scale > 0 else 0
    scale = float(np.float32(scale))
    return Quantization(np.array([scale if scale > 0 else 1.0], np.float32),
                        np.array([zero], np.int64))


def _same(a: Quantization | None, b: Quantization | None) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.array_equal(a.scale, b.scale) and np.array_equal(a.zero_point, b.zero_point))


class Fixed(typing.NamedTuple):
    """An integer model, and what came of each tensor of the float one, by its identity."""

    model: Model
    tensors: dict[int, Tensor]


def build(model: Model, types: dict[int, str], ranges: dict[int, Range], style: Style,
          input_type: str, output_type: str,
          biases: dict[tuple[int, int], Array] | None = None) -> Fixed:
    """`biases`: corrected ones by the operator's identity and their position among its inputs."""
    builder = _Builder(model.main, types, _Scales(model.main, types, ranges, style), style,
                       biases or {})
    main = builder.build(input_type, output_type)
    signatures = [builder.signature(each) if each.subgraph == 0 else each
                  for each in model.signatures]
    return Fixed(Model([main, *model.subgraphs[1:]], signatures, model.description,
                       dict(model.metadata)), builder.made)


class _Builder:
    """The operators of the new graph, one after the other."""

    def __init__(self, graph: Subgraph, types: dict[int, str], scales: _Scales, style: Style,
                 biases: dict[tuple[int, int], Array]) -> None:
        self._graph, self._types, self._scales = graph, types, scales
        self._style, self._biases = style, biases
        self._operators: list[Operator] = []
        self.made: dict[int, Tensor] = {}  # what the producer of each tensor writes now
        self._variants: dict[tuple[int, str, float, int], Tensor] = {}
        self._constants: dict[tuple[typing.Any, ...], Tensor] = {}
        self._ends: dict[int, Tensor] = {}  # outputs of the graph

    def build(self, input_type: str, output_type: str) -> Subgraph:
        inputs = [self._graph_input(each, input_type) for each in self._graph.inputs]
        for op in self._graph.operators:
            if self._types[id(op)] == FLOAT32:
                self._in_floats(op)
            else:
                self._in_integers(op, self._types[id(op)])
        outputs = [self._graph_output(each, output_type) for each in self._graph.outputs]
        return Subgraph(self._graph.name, inputs, outputs, self._operators)

    def signature(self, old: Signature) -> Signature:
        inputs = {name: self.made.get(id(each), each) for name, each in old.inputs.items()}
        outputs = {name: self._ends.get(id(each), each) for name, each in old.outputs.items()}
        return Signature(old.key, inputs, outputs, old.subgraph)

    # ---- Ends of the graph

    def _graph_input(self, tensor: Tensor, wanted: str) -> Tensor:
        used = {self._types[id(op)] for op in self._graph.operators
                if any(op.inputs[i] is tensor for i in real_inputs(op))} - {FLOAT32}
        if tensor.dtype != FLOAT32 or wanted == FLOAT32 or not used:
            self.made[id(tensor)] = tensor
        else:
            inner = INT16 if INT16 in used and (wanted == INT16 or INT8 not in used) else INT8
            self.made[id(tensor)] = self._outer(tensor, wanted, inner)
        return self.made[id(tensor)]

    def _outer(self, tensor: Tensor, wanted: str, inner: str) -> Tensor:
        """An end of the graph in the type that the program sees."""
        if wanted == FLOAT32:
            return dataclasses.replace(tensor)
        if wanted == inner:
            quantization = self._scales.of(tensor, inner)
        elif wanted == "UINT8":
            seen = self._scales.of(tensor, INT8)
            quantization = Quantization(seen.scale, seen.zero_point + 128)
        else:
            quantization = self._scales.of(tensor, wanted)
        return dataclasses.replace(tensor, dtype=wanted, quantization=quantization)

    def _graph_output(self, tensor: Tensor, wanted: str) -> Tensor:
        now = self.made.get(id(tensor), tensor)
        if tensor.dtype == FLOAT32 and tensor.data is None and now.dtype != wanted:
            outer = self._outer(tensor, wanted, now.dtype)
            inner, now = now, self._convert(tensor, now, outer.dtype, outer.quantization)
            if inner is not tensor:  # the name belongs to what the program sees
                inner.name, now.name = now.name, tensor.name
        self._ends[id(tensor)] = now
        return now

    # ---- Operators

    def _in_floats(self, op: Operator) -> None:
        inputs = [self._float(each) if each is not None else None for each in op.inputs]
        self._operators.append(dataclasses.replace(op, inputs=inputs))
        for tensor in op.outputs:
            self.made[id(tensor)] = tensor

    def _in_integers(self, op: Operator, dtype: str) -> None:
        reals = real_inputs(op)
        shared = self._shared_scale(op, dtype)
        inputs = [self._integers(tensor, dtype, shared) if i in reals and tensor is not None
                  else tensor for i, tensor in enumerate(op.inputs)]
        found = weights_of(op)
        if found is not None:
            self._set_weights(op, inputs, found, dtype)
        outputs = [self._output(each, dtype) for each in op.outputs]
        between = op.intermediates
        if op.kind == recurrent.LSTM:
            state = op.inputs[recurrent.CELL_STATE]
            between = recurrent.set_integers(op, inputs, self._scales.of(op.outputs[0], dtype),
                                             self._scales.greatest(state), self._biases)
        options = dict(op.options)
        if dtype == INT16 and op.kind in ("ADD", "SUB"):
            options["pot_scale_int16"] = False
        self._operators.append(dataclasses.replace(op, inputs=inputs, outputs=outputs,
                                                   options=options, intermediates=between))

    def _shared_scale(self, op: Operator, dtype: str) -> Quantization | None:
        """The one scale of an operator that hands values on."""
        outputs = real_outputs(op)
        if RULES[op.kind].scale == SAME and outputs:
            return self._scales.of(op.outputs[outputs[0]], dtype)
        return None

    def _output(self, tensor: Tensor, dtype: str) -> Tensor:
        new = tensor
        if tensor.dtype == FLOAT32:
            new = dataclasses.replace(tensor, dtype=dtype,
                                      quantization=self._scales.of(tensor, dtype))
        self.made[id(tensor)] = new
        return new

    def _set_weights(self, op: Operator, inputs: list[Tensor | None], at: Weights,
                     dtype: str) -> None:
        source, data = op.inputs[at.position], inputs[at.data]
        assert source is not None and data is not None and data.quantization is not None
        old_bias = op.inputs[at.bias] if at.bias < len(op.inputs) else None
        bias = self._biases.get((id(op), at.bias), None if old_bias is None else old_bias.data)
        bias_type = "INT64" if dtype == INT16 else "INT32"
        axis = at.axis if op.kind != "FULLY_CONNECTED" or self._style.dense_per_channel else None
        input_scale = float(data.quantization.scale[0])
        values = np.asarray(source.data)
        scale = w.settle_scale(w.weight_scale(values, axis, self._style.weight_type,
                                              self._style.search_weights),
                               bias, input_scale, bias_type)
        inputs[at.position] = self._weights(source, scale, axis)
        if old_bias is not None and bias is not None:
            ints, quantization = w.quantized_bias(bias, input_scale, scale, bias_type)
            inputs[at.bias] = dataclasses.replace(old_bias, dtype=bias_type, data=ints,
                                                  quantization=quantization)

    def _weights(self, source: Tensor, scale: Array, axis: int | None) -> Tensor:
        """Weights that several operators share stay one constant."""
        key = "weights", id(source), axis, scale.tobytes()
        if key not in self._constants:
            ints, quantization = w.quantized_weights(np.asarray(source.data), scale, axis,
                                                     self._style.weight_type)
            self._constants[key] = dataclasses.replace(
                source, dtype=self._style.weight_type, data=ints, quantization=quantization)
        return self._constants[key]

    # ---- Tensors as an operator wants them

    def _float(self, tensor: Tensor) -> Tensor:
        now = self.made.get(id(tensor), tensor)
        if tensor.dtype != FLOAT32 or now.dtype == FLOAT32:
            return now
        return self._convert(tensor, now, FLOAT32, None)

    def _integers(self, tensor: Tensor, dtype: str, shared: Quantization | None) -> Tensor:
        quantization = shared if shared is not None else self._scales.of(tensor, dtype)
        if tensor.data is not None:
            return self._constant(tensor, dtype, quantization)
        now = self.made.get(id(tensor), tensor)
        if now.dtype == dtype and _same(now.quantization, quantization):
            return now
        return self._convert(tensor, now, dtype, quantization)

    def _constant(self, tensor: Tensor, dtype: str, quantization: Quantization) -> Tensor:
        key = "values", id(tensor), dtype, quantization.scale.tobytes(), int(
            quantization.zero_point[0])
        if key not in self._constants:
            ints = w.quantized_values(np.asarray(tensor.data), quantization, dtype)
            self._constants[key] = dataclasses.replace(tensor, dtype=dtype, data=ints,
                                                       quantization=quantization)
        return self._constants[key]

    def _convert(self, origin: Tensor, now: Tensor, dtype: str, quantization: Quantization | None
                 ) -> Tensor:
        """Another form of a tensor, made once."""
        key = (id(origin), dtype, *(() if quantization is None else (
            float(quantization.scale[0]), int(quantization.zero_point[0]))))
        if dtype == INT16 and now.dtype in (INT8, "UINT8"):
            now = self._convert(origin, now, FLOAT32, None)  # TensorFlow Lite 2.9 goes no other way
        elif now.dtype == INT16 and dtype == "UINT8" and quantization is not None:
            signed = Quantization(quantization.scale, quantization.zero_point - 128)
            now = self._convert(origin, now, INT8, signed)  # nor does QUANTIZE skip this step
        cached = self._variants.get(typing.cast(typing.Any, key))
        if cached is None:
            cached = dataclasses.replace(origin, name=f"{origin.name}_{dtype.lower()}", dtype=dtype,
                                         quantization=quantization)
            self._variants[typing.cast(typing.Any, key)] = cached
            kind = "DEQUANTIZE" if dtype == FLOAT32 else "QUANTIZE"
            self._operators.append(Operator(kind, [now], [cached], layer=origin.name))
        return cached
