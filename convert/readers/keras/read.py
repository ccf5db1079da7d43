# SPDX-License-Identifier: Apache-2.0
"""A Keras model's layers and weights as a graph."""

from __future__ import annotations

import heapq
import typing

from ...building import evaluate, shapes
from ...building.builder import Builder
from ...format.graph import ConvertError, Model, Signature, Subgraph, Tensor, signature
from . import (attention as keras_attention, conv as keras_conv, dense as keras_dense, functions as
               keras_functions, recurrent as keras_recurrent)
from .config import Call, Json, Layer, Network, Reference, is_network, make_layer, network
from .context import Context, Convert, Mask, Unsupported
from .weights import Named, Store

Tensors = typing.List[Tensor]

LAYERS: dict[str, Convert] = {**keras_dense.LAYERS, **keras_conv.LAYERS, **keras_recurrent.LAYERS,
                              **keras_attention.LAYERS, **keras_functions.LAYERS}
_WHY = {
    "Lambda": "it holds Python code, which cannot be read: write it as layers",
}
# What a mask goes through; others make one, void it, or refuse it.
_MERGES = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
_KEEP_MASK = (*_MERGES, "Activation", "ActivityRegularization", "AlphaDropout",
              "BatchNormalization", "Concatenate", "Dense", "Dropout", "ELU", "GaussianDropout",
              "GaussianNoise", "GroupNormalization", "LayerNormalization", "LeakyReLU", "PReLU",
              "ReLU", "SpatialDropout1D", "TimeDistributed", "UnitNormalization")
_INPUT_TYPES = {name.lower(): name for name in evaluate.DTYPES if name != "COMPLEX64"}
_INPUT_TYPES.update(float16="FLOAT32", float64="FLOAT32")
# Layers that do not mind steps before the last dimension.
_STEPS_AS_THEY_ARE = ("Dense", "Activation", "Dropout", "ReLU", "LeakyReLU")


class Reader:
    """Goes through the layers, and on when one is not supported: all are named at once."""

    def __init__(self, store: Store, keras: int,
                 sizes: typing.Mapping[str, typing.Sequence[int]]) -> None:
        self.builder = Builder()
        self._store, self._keras, self._sizes = store, keras, sizes
        self._problems: dict[str, str] = {}
        self._doubtful: set[int] = set()  # what comes after a layer that is not supported
        self._masks: dict[Tensor, Mask] = {}  # of tensors that have one
        self._cache: dict[typing.Any, Tensor] = {}
        self._inputs: dict[int, Tensor] = {}

    def read(self, made: Network) -> Model:
        unknown = set(self._sizes) - {each.layer for each in made.inputs}
        if unknown:
            raise ConvertError("the model has no input %s, but %s" % (
                ", ".join(sorted(unknown)), ", ".join(each.layer for each in made.inputs)))
        one_at_a_time = _needs_batch(made)
        layers = {layer.name: layer for layer in made.layers}
        given = [self._input(layers, each, one_at_a_time) for each in made.inputs]
        outputs = self._run(made, given)
        if self._problems:
            raise Unsupported("; ".join("layer %s" % each for each in self._problems.values()))
        return self._finish(made, given, outputs)

    def _input(self, layers: dict[str, Layer], end: Reference, one_at_a_time: bool) -> Tensor:
        config = layers[end.layer].config if end.layer in layers else {}
        shape = next((config[key] for key in ("batch_input_shape", "batch_shape", "shape")
                      if isinstance(config.get(key), list)), None)
        if shape is None or not all(n is None or (isinstance(n, int) and 0 < n < 1 << 31)
                                    for n in shape):
            raise ConvertError("layer %s: the model says no shape of its input: build it, or give "
                               "its first layer an input_shape" % end.layer)
        sizes = [-1 if n is None else n for n in shape]
        sizes = _stated(end.layer, sizes, self._sizes.get(end.layer))
        if one_at_a_time and sizes[:1] == [-1]:
            sizes[0] = 1
        name = "serving_default_%s:0" % end.layer
        dtype = _dtype(config.get("dtype", "float32"), end.layer)
        return self.builder.tensor(tuple(sizes), dtype, name)

    def _finish(self, made: Network, given: Tensors, outputs: Tensors) -> Model:
        taken = {id(t) for t in given}
        for i, tensor in enumerate(outputs):
            # An output of its own for each name.
            if id(tensor) in taken or tensor.data is not None:
                self.builder.layer = self.builder.name = made.outputs[i].layer
                outputs[i] = tensor = shapes.copied(self.builder, tensor)
            taken.add(id(tensor))
            tensor.name = "StatefulPartitionedCall:%d" % i
        names = _unique([each.layer for each in made.outputs])
        described = Signature("serving_default", {end.layer: tensor for end, tensor
                                                  in zip(made.inputs, given)},
                              dict(zip(names, outputs)))
        graph = Subgraph("main", given, outputs, self.builder.operators)
        return Model([graph], [described], description="Converted by Pipit.")

    # ---- networks

    def _run(self, made: Network, given: Tensors) -> Tensors:
        """The outputs, for these tensors in the place of its inputs."""
        if len(given) != len(made.inputs):
            raise ConvertError("model %s is given %d inputs, not %d"
                               % (made.name, len(given), len(made.inputs)))
        layers = {layer.name: layer for layer in made.layers}
        values: dict[tuple[str, int], Tensors] = {}
        for end, tensor in zip(made.inputs, given):
            values[end.layer, end.node] = [tensor]
        for layer, call, key in _in_order(made, layers, set(values)):
            values[key] = self._layer(layer, call, values)
        return [_pick(values, each) for each in made.outputs]

    def _layer(self, layer: Layer, call: Call,
               values: dict[tuple[str, int], Tensors]) -> Tensors:
        inputs = [_pick(values, each) for each in call.inputs]
        named = {key: [_pick(values, each) for each in found] for key, found in call.named.items()}
        every = inputs + [each for found in named.values() for each in found]
        try:
            outputs = self._convert(layer, inputs, named, call.arguments)
        except Unsupported as error:
            self._problems.setdefault("/".join(layer.place), "%s (%s): %s"
                                      % (layer.name, layer.kind, error))
            outputs = [self._stand_in(every)]
            self._doubtful.add(id(outputs[0]))
        except ConvertError as error:
            if not self._doubtful.intersection(map(id, every)):
                raise _at(layer, error) from None
            outputs = [self._stand_in(every)]
        if self._doubtful.intersection(map(id, every)):
            self._doubtful.update(map(id, outputs))
        if layer.kind in _KEEP_MASK:
            self._hand_on_mask(layer, inputs, outputs)
        return outputs

    def _hand_on_mask(self, layer: Layer, inputs: Tensors, outputs: Tensors) -> None:
        """What several masks become differs with the layer, and with Keras' version."""
        found = {self._masks[x] for x in inputs if x in self._masks}
        some = any(x not in self._masks for x in inputs)
        if not found or (some and layer.kind in _MERGES and self._keras >= 3):
            return
        joined = layer.kind == "Concatenate" and layer.config.get("axis", -1) not in (-1, 2)
        one = found.pop() if len(found) == 1 and not joined else Mask(None)
        self._masks.update((y, one) for y in outputs)

    def _stand_in(self, inputs: Tensors) -> Tensor:
        """For what could not be computed from the inputs."""
        shape, dtype = (signature(inputs[0]), inputs[0].dtype) if inputs else ((1,), "FLOAT32")
        return self.builder.tensor(shape, dtype)

    def _enter(self, layer: Layer) -> None:
        self.builder.layer = self.builder.name = "/".join(layer.place)

    def _convert(self, layer: Layer, inputs: Tensors, named: dict[str, Tensors],
                 arguments: dict[str, Json], arrays: Named | None = None) -> Tensors:
        if layer.inner is not None:
            return self._run(layer.inner, inputs)
        if layer.kind == "TimeDistributed":
            return self._at_each_step(layer, inputs, arrays)
        if layer.kind not in LAYERS:
            raise Unsupported(_WHY.get(layer.kind, "layers of this class are not supported"))
        self._enter(layer)
        if not inputs:
            raise ConvertError("has no inputs")
        if "mask" in named:
            self._masks.update({x: Mask(named["mask"][0]) for x in inputs[:1]})
        context = Context(self.builder, layer, self._arrays(layer, arrays), self._keras, named,
                          arguments, self._masks.get(inputs[0]), self._cache, apply=self._wrapped)
        made = LAYERS[layer.kind](context, inputs)
        outputs = made if isinstance(made, list) else [made]
        if context.made_mask is not None:
            self._masks[outputs[0]] = context.made_mask
        if outputs[0].data is None and id(outputs[0]) not in {id(t) for t in inputs} \
                and not outputs[0].name.startswith("serving_default_"):
            outputs[0].name = self.builder.unique(self.builder.name)
        return outputs

    def _wrapped(self, layer: Layer, arrays: Named, inputs: Tensors) -> Tensors:
        return self._convert(layer, inputs, {}, {}, arrays)

    def _at_each_step(self, layer: Layer, inputs: Tensors, arrays: Named | None) -> Tensors:
        """A layer that does not see steps sees them as so many more pictures."""
        inner = self._inner(layer)
        x = inputs[0]
        sizes = signature(x)
        if len(inputs) != 1 or len(sizes) < 3:
            raise ConvertError("its input has the shape %s" % list(sizes))
        b = self.builder
        self._enter(layer)
        if inner.kind in _STEPS_AS_THEY_ARE:
            return self._convert(inner, inputs, {}, {}, self._arrays(layer, arrays))
        if min(sizes[:2]) < 0:
            raise Unsupported("the number of steps is not fixed: say it in the model's input shape")
        together = shapes.reshape(b, x, (sizes[0] * sizes[1],) + sizes[2:])
        given = None if inner.inner is not None else self._arrays(layer, arrays)
        outputs = self._convert(inner, [together], {}, {}, given)
        self._enter(layer)
        return [shapes.reshape(b, each, sizes[:2] + signature(each)[1:]) for each in outputs]

    def _arrays(self, layer: Layer, arrays: Named | None) -> Named:
        return self._store.arrays(layer) if arrays is None else arrays

    def _inner(self, layer: Layer) -> Layer:
        """The same object for each call, so that its weights come once."""
        if "inner" not in layer.config:
            inner = make_layer(layer.config.get("layer"), layer.place, layer.attributes)
            inner.attributes = layer.attributes + ("layer",)
            if is_network(inner.kind, inner.config):
                inner.inner = network(inner.kind, inner.config, inner.place, inner.attributes)
            layer.config["inner"] = inner
        return typing.cast(Layer, layer.config["inner"])


def _at(layer: Layer, error: ConvertError) -> ConvertError:
    text = str(error)
    if text.startswith("layer "):
        return error
    return ConvertError("layer %s (%s) %s%s" % (
        layer.name, layer.kind, "" if text.split()[0] in ("has", "is", "its") else "cannot be read: ",
        text))


Step = typing.Tuple[Layer, Call, typing.Tuple[str, int]]


def _in_order(made: Network, layers: dict[str, Layer],
              known: set[tuple[str, int]]) -> list[Step]:
    """The calls that the outputs need, each after those that it needs, and else as they are listed."""
    listed = {name: i for i, name in enumerate(layers)}
    needed: dict[tuple[str, int], Step] = {}
    after: dict[tuple[str, int], list[tuple[str, int]]] = {}
    missing: dict[tuple[str, int], int] = {}
    pending = [(each.layer, each.node) for each in made.outputs]
    while pending:
        key = pending.pop()
        if key in known or key in needed:
            continue
        needed[key] = (*_call(layers, key), key)
        needs = {each for each in _needs(needed[key][1]) if each not in known}
        missing[key] = len(needs)
        for each in needs:
            after.setdefault(each, []).append(key)
        pending += needs
    ready = [(listed[key[0]], key[1], key) for key in needed if not missing[key]]
    heapq.heapify(ready)
    found: list[Step] = []
    while ready:
        key = heapq.heappop(ready)[2]
        found.append(needed[key])
        for each in after.get(key, []):
            missing[each] -= 1
            if not missing[each]:
                heapq.heappush(ready, (listed[each[0]], each[1], each))
    if len(found) < len(needed):
        stuck = next(key for key in needed if missing[key])
        raise ConvertError("layer %s: its inputs depend on its output" % stuck[0])
    return found


def _call(layers: dict[str, Layer], key: tuple[str, int]) -> tuple[Layer, Call]:
    name, node = key
    if name not in layers:
        raise ConvertError("no layer is called %s, which others refer to" % name)
    if not 0 <= node < len(layers[name].calls):
        raise ConvertError("layer %s is not called %d times" % (name, node + 1))
    return layers[name], layers[name].calls[node]


def _needs(call: Call) -> list[tuple[str, int]]:
    groups = [call.inputs, *call.named.values()]
    return [(each.layer, each.node) for group in groups for each in group]


def _pick(values: dict[tuple[str, int], Tensors], reference: Reference) -> Tensor:
    found = values[reference.layer, reference.node]
    if not 0 <= reference.tensor < len(found):
        raise ConvertError("layer %s has no output %d" % (reference.layer, reference.tensor))
    return found[reference.tensor]


def _unique(names: list[str]) -> list[str]:
    return [name if names.count(name) == 1 else "%s_%d" % (name, names[:i].count(name))
            for i, name in enumerate(names)]


def _stated(layer: str, sizes: list[int], given: typing.Sequence[int] | None) -> list[int]:
    """The sizes that the user states, where the model leaves them open."""
    if given is None:
        return sizes
    if len(given) != len(sizes) or any(n not in (-1, m) and m >= 0 for n, m in zip(given, sizes)):
        raise ConvertError("layer %s: its input of shape %s cannot be %s"
                           % (layer, sizes, list(given)))
    return list(given)


def _dtype(value: Json, layer: str) -> str:
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        value = value["config"].get("name", "float32")
    if not isinstance(value, str) or value not in _INPUT_TYPES:
        raise ConvertError("layer %s: inputs of type %.40s are not supported" % (layer, value))
    return _INPUT_TYPES[value]


def _needs_batch(made: Network) -> bool:
    """Whether a layer is in it that the format computes for a batch of a fixed size only."""
    def needs(layer: Layer) -> bool:
        if layer.inner is not None:
            return _needs_batch(layer.inner)
        if layer.kind == "Bidirectional":
            return any(map(needs, keras_recurrent.directions(layer)))
        if layer.kind == "RNN":
            return True
        if layer.kind == "TimeDistributed":
            return make_layer(layer.config.get("layer"), (), ()).kind not in _STEPS_AS_THEY_ARE
        return layer.kind in ("Conv1DTranspose", "Conv2DTranspose") \
            or keras_recurrent.is_fused(layer)
    return any(map(needs, made.layers))

