# SPDX-License-Identifier: Apache-2.0
"""Writes Keras models as Keras does: HDF5, and Keras 3's zip."""

import io
import json
import zipfile

import h5py
import numpy as np


def layer(kind, name=None, **config):
    name = name or kind.lower()
    return {"class_name": kind, "name": name, "config": dict(config, name=name)}


def sequential(shape, *layers, dtype="float32"):
    start = layer("InputLayer", "input_1", batch_input_shape=[None, *shape], dtype=dtype)
    return {"class_name": "Sequential", "config": {
        "name": "sequential", "layers": [start, *layers]}}


def functional(layers, inputs, outputs, name="model"):
    """layers: (layer, names of those before it, ...), each one a call."""
    made = []
    for each, *calls in layers:
        made.append(dict(each, inbound_nodes=[
            [[ref, 0, 0, {}] if isinstance(ref, str) else ref for ref in call] for call in calls]))
    return {"class_name": "Functional", "name": name, "config": {
        "name": name, "layers": made, "input_layers": [[each, 0, 0] for each in inputs],
        "output_layers": [each if isinstance(each, list) else [each, 0, 0] for each in outputs]}}


def start(name, *shape, dtype="float32"):
    return (layer("InputLayer", name, batch_input_shape=[None, *shape], dtype=dtype),)


def save_h5(path, document, weights, version="2.15.0"):
    """weights: {layer: [(name, array), ...]}."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version, "tensorflow"
        file.attrs["model_config"] = json.dumps(document)
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = np.array([name.encode() for name in weights])
        for name, arrays in weights.items():
            group = root.create_group(name)
            group.attrs["weight_names"] = np.array([each.encode() for each, _ in arrays])
            for each, array in arrays:
                group[each] = array


def keras_bytes(document, variables, version="3.3.3"):
    """variables: {"layers/dense/vars/0": array}."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for path, array in variables.items():
            file[path] = array
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", json.dumps(document))
        archive.writestr("model.weights.h5", weights.getvalue())
    return made.getvalue()


def new_style(document):
    """The configuration as Keras 3 writes it."""
    config = document["config"]
    layers = []
    for each in config["layers"]:
        settings = dict(each["config"])
        if "batch_input_shape" in settings:
            settings["batch_shape"] = settings.pop("batch_input_shape")
        settings["dtype"] = settings.get("dtype", {
            "module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}})
        nodes = [{"args": [_tensors(node)], "kwargs": {}} for node in each.get("inbound_nodes", [])]
        layers.append(dict(each, module="keras.layers", config=settings, inbound_nodes=nodes))
    return dict(document, config=dict(config, layers=layers))


def _tensors(node):
    made = [{"class_name": "__keras_tensor__", "config": {"keras_history": ref[:3]}} for ref in node]
    return made if len(made) > 1 else made[0]
