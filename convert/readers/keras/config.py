# SPDX-License-Identifier: Apache-2.0
"""A Keras model's configuration as layers that call each other, from the JSON of Keras 2, Keras 3 or
TensorFlow.js."""

from __future__ import annotations

import dataclasses
import typing

from ...format.graph import ConvertError

Json = typing.Any
NETWORKS = ("Functional", "Model", "Sequential")
MAX_LAYERS = 10_000


class Reference(typing.NamedTuple):
    """An output of a layer's call."""

    layer: str
    node: int
    tensor: int


@dataclasses.dataclass(eq=False)
class Call:
    """What a layer is given: outputs of others by position and by name, and other arguments."""

    inputs: list[Reference]
    named: dict[str, list[Reference]] = dataclasses.field(default_factory=dict)
    arguments: dict[str, Json] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(eq=False)
class Layer:
    kind: str
    name: str
    config: dict[str, Json]
    calls: list[Call] = dataclasses.field(default_factory=list)
    inner: Network | None = None
    # Where its weights lie: names of the layers around it and its own, and the same as attributes.
    place: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


@dataclasses.dataclass(eq=False)
class Network:
    name: str
    layers: list[Layer]
    inputs: list[Reference]
    outputs: list[Reference]


def is_network(kind: str, config: Json) -> bool:
    return kind in NETWORKS or (isinstance(config, dict) and isinstance(config.get("layers"), list)
                                and "input_layers" in config)


def parse(document: Json) -> Network:
    """Of a whole model's {"class_name": ..., "config": ...}."""
    kind, config = class_and_config(document, "the model")
    if not is_network(kind, config):
        raise ConvertError("a model of class %s, which only its own program can build; one that is "
                           "Sequential or functional can be converted" % kind)
    return network(kind, config, (), ())


def class_and_config(document: Json, what: str) -> tuple[str, Json]:
    if not isinstance(document, dict) or not isinstance(document.get("class_name"), str):
        raise ConvertError("the configuration of %s has no class_name" % what)
    return document["class_name"].split(">")[-1], document.get("config", {})


def network(kind: str, config: Json, place: tuple[str, ...],
            attributes: tuple[str, ...]) -> Network:
    if kind == "Sequential" and isinstance(config, list):
        config = {"name": "sequential", "layers": config}  # as Keras before 2.2.3 wrote it
    documents = config.get("layers") if isinstance(config, dict) else None
    if not isinstance(documents, list) or len(documents) > MAX_LAYERS:
        raise ConvertError("the configuration of %s has no list of layers" % kind)
    name = config.get("name")
    layers = _layers(documents, place, attributes)
    name = name if isinstance(name, str) else kind.lower()
    if kind == "Sequential" and "input_layers" not in config:
        return _sequential(name, layers, config.get("build_input_shape"))
    ends = [_ends(config.get(key)) for key in ("input_layers", "output_layers")]
    made = Network(name, layers, *ends)
    _renumber(made)
    return made


def _layers(documents: list[Json], place: tuple[str, ...],
            attributes: tuple[str, ...]) -> list[Layer]:
    layers: list[Layer] = []
    used: dict[str, int] = {}
    for document in documents:
        layer = make_layer(document, place, attributes + ("layers",))
        stem = layer.attributes[-1]
        number = used.get(stem, -1) + 1
        used[stem] = number
        if number:
            layer.attributes = layer.attributes[:-1] + ("%s_%d" % (stem, number),)
        layer.calls = [_call(node, layer.name) for node in _nodes(document, layer.name)]
        if layer.inner is None and is_network(layer.kind, layer.config):
            layer.inner = network(layer.kind, layer.config, layer.place, layer.attributes)
        layers.append(layer)
    if len({layer.name for layer in layers}) != len(layers):
        raise ConvertError("two layers have the same name")
    return layers


def make_layer(document: Json, place: tuple[str, ...], attributes: tuple[str, ...]) -> Layer:
    kind, config = class_and_config(document, "a layer")
    if not isinstance(config, (dict, list)):
        raise ConvertError("a layer of class %s has no configuration" % kind)
    name = document.get("name")
    if not isinstance(name, str):
        name = config.get("name") if isinstance(config, dict) else None
    if not isinstance(name, str) or not name:
        name = kind.lower()
    settings = config if isinstance(config, dict) else {"layers": config}
    return Layer(kind, name, settings, place=place + (name,),
                 attributes=attributes + (snake_case(kind),))


def snake_case(name: str) -> str:
    """A class' name as Keras 3 names its groups of weights."""
    out = ""
    for i, c in enumerate(name):
        after = name[i + 1:i + 2]
        if i and c.isupper() and (after.islower() or name[i - 1].islower()):
            out += "_"
        out += c.lower()
    return out


def _nodes(document: Json, name: str) -> list[Json]:
    nodes = document.get("inbound_nodes") or []
    if not isinstance(nodes, list) or len(nodes) > MAX_LAYERS:
        raise ConvertError("layer %s: its inbound_nodes are no list" % name)
    return nodes


def _call(node: Json, name: str) -> Call:
    """Keras 3 has {"args", "kwargs"}, Keras 2 [[layer, node, tensor, arguments], ...]."""
    call = Call([])
    if isinstance(node, dict):
        call.inputs = _tensors(node.get("args"))
        arguments = node.get("kwargs") or {}
        call.arguments["args"] = node.get("args")
    else:
        parts = [node] if isinstance(node, list) and node and isinstance(node[0], str) else node
        if not isinstance(parts, list):
            raise ConvertError("layer %s: a call that cannot be read" % name)
        arguments = {}
        for part in parts:
            call.inputs.append(_reference(part))
            if len(part) > 3 and isinstance(part[3], dict):
                arguments.update(part[3])
    for key, value in arguments.items() if isinstance(arguments, dict) else ():
        found = _tensors(value) or _old_tensors(value)
        if found:
            call.named[key] = found
        else:
            call.arguments[key] = value
    return call


def _reference(part: Json) -> Reference:
    if isinstance(part, list) and len(part) >= 3 and isinstance(part[0], str) \
            and all(isinstance(n, int) for n in part[1:3]):
        return Reference(part[0], part[1], part[2])
    raise ConvertError("a reference to a layer cannot be read: %.60s" % (part,))


def _tensors(value: Json) -> list[Reference]:
    """Those of Keras 3, wherever they are in lists and dictionaries, in order."""
    if isinstance(value, dict):
        config = value.get("config")
        if value.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
            return [_reference(config.get("keras_history"))]
        value = list(value.values())
    return [each for part in value for each in _tensors(part)] if isinstance(value, list) else []


def _old_tensors(value: Json) -> list[Reference]:
    """Those of Keras 2 among named arguments: one, or a list of them."""
    if not isinstance(value, list) or not value:
        return []
    if isinstance(value[0], str):
        named = len(value) >= 3 and isinstance(value[1], int) and isinstance(value[2], int)
        return [_reference(value)] if named else []
    found = [_old_tensors(part) for part in value]
    return sum(found, []) if all(found) else []


def _ends(value: Json) -> list[Reference]:
    """Inputs or outputs: one [layer, node, tensor], or lists or a dictionary of them."""
    if isinstance(value, dict):
        return _ends(list(value.values()))
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [_reference(value)]
    if not isinstance(value, list):
        raise ConvertError("the model's inputs or outputs cannot be read")
    return [each for part in value for each in _ends(part)]


def _sequential(name: str, layers: list[Layer], shape: Json) -> Network:
    if not layers:
        raise ConvertError("model %s has no layers" % name)
    if layers[0].kind != "InputLayer":
        layers.insert(0, _implied_input(layers[0], shape))
    for before, layer in zip(layers, layers[1:]):
        layer.calls = [Call([Reference(before.name, 0, 0)])]
    ends = (layers[0], layers[-1])
    return Network(name, layers, *([Reference(each.name, 0, 0)] for each in ends))


def _implied_input(first: Layer, shape: Json) -> Layer:
    config = first.config
    for _ in range(20):  # as deep as wrappers go
        given = config.get("batch_input_shape") or config.get("batch_shape")
        layers = config.get("layers")
        inner = layers[0] if isinstance(layers, list) and layers else config.get("layer")
        if given or not isinstance(inner, dict) or not isinstance(inner.get("config"), dict):
            break
        config = inner["config"]
    name = first.name + "_input"
    return Layer("InputLayer", name, {"batch_input_shape": given or shape,
                                      "dtype": config.get("dtype", "float32")}, place=(name,))


def _renumber(made: Network) -> None:
    """A model that was called before it came into another counts its calls from 1 there."""
    lowest: dict[str, int] = {}
    every = [call for layer in made.layers for call in layer.calls]
    groups = [made.outputs] + [call.inputs for call in every]
    groups += [found for call in every for found in call.named.values()]
    for reference in (each for group in groups for each in group):
        lowest[reference.layer] = min(reference.node, lowest.get(reference.layer, 1 << 30))
    shifted = {layer.name for layer in made.layers
               if layer.inner is not None and lowest.get(layer.name, 0) > 0}
    for group in groups:
        group[:] = [each._replace(node=each.node - (each.layer in shifted)) for each in group]
