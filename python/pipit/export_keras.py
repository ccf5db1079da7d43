# SPDX-License-Identifier: Apache-2.0
"""Rebuilds a Keras model from a `.tflite` file: its layers and its weights as real numbers.

    python3 -m pipit.export_keras model.tflite -o DIR

writes model.json and weights.bin, which TensorFlow.js loads as a layers model and whose
`model_config` Keras takes by model_from_json(), and weights.npz with the same weights by name
("conv2d/kernel"). Batches may have any size.
"""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import sys
import tempfile
import typing

from . import _types as types
from ._keras_layers import LAYERS, Unsupported
from ._library import STORAGE_CONSTANT, decoded, lib
from .interpreter import Interpreter

np = types.np


class Graph:
    """The layers that come of a model's operators."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.model = interpreter._model
        self.layers: list[dict[str, typing.Any]] = []
        self.weights: dict[str, typing.Any] = {}
        self._made: dict[int, str] = {}  # {tensor: layer that computes it}
        self._names: set[str] = set()
        for index in self.model.inputs():
            self._input(index)
        for node in range(self.model.nodes()):
            self._convert(node)

    # ---- what layers ask for

    def shape(self, index: int) -> tuple[int, ...]:
        return self.model.tensor(0, index).shape

    def type(self, index: int) -> int:
        return int(self.model.tensor(0, index).type)

    def is_constant(self, index: int) -> bool:
        return bool(self.model.tensor(0, index).storage == STORAGE_CONSTANT)

    def constant(self, index: int) -> typing.Any:
        """The values of a constant as real numbers; Unsupported when the tensor is none."""
        tensor = self.model.tensor(0, index)
        if index in self._made or not self.is_constant(index):
            raise Unsupported("tensor %d is computed, and no layer takes it" % index)
        if tensor.scale_count:
            return self.interpreter.dequantize(index)
        return np.asarray(self.interpreter.get_tensor(index), np.float32)

    def integers(self, index: int) -> list[int]:
        if not self.is_constant(index):
            raise Unsupported("tensor %d, which fixes shapes, is computed" % index)
        return [int(n) for n in np.reshape(self.interpreter.get_tensor(index), -1)]

    def option(self, node: int, field: int, size: int, otherwise: int = 0) -> int:
        return int(lib.pipit_model_option(self.model.handle, 0, node, field, size, otherwise))

    def real_option(self, node: int, field: int, otherwise: float) -> float:
        bits = np.float32(otherwise).view(np.int32)
        return float(np.int32(self.option(node, field, 4, int(bits))).view(np.float32))

    # ---- what they make

    def layer(self, kind: str, output: int, inputs: typing.Sequence[int | str],
              weights: dict[str, typing.Any] | None = None, **config: typing.Any) -> str:
        """Adds a layer that computes tensor `output` from tensors (or from other layers)."""
        absent = [i for i in inputs if isinstance(i, int) and i not in self._made]
        if absent:
            raise Unsupported("tensor %d, which is constant or a shape, is no layer" % absent[0])
        name = self._name(output)
        inbound = [self._made[i] if isinstance(i, int) else i for i in inputs]
        config = dict(name=name, trainable=True, dtype="float32", **config)
        self.layers.append({
            "class_name": kind, "name": name, "config": config,
            "inbound_nodes": [[[layer, 0, 0, {}] for layer in inbound]] if inbound else []})
        for part, values in (weights or {}).items():
            self.weights["%s/%s" % (name, part)] = np.ascontiguousarray(values, np.float32)
        self._made[output] = name
        return name

    def rename(self, output: int, source: int) -> None:
        """Tensor `output` holds the same numbers as `source`."""
        if source in self._made:
            self._made[output] = self._made[source]

    def _input(self, index: int) -> None:
        shape = list(self.shape(index))
        self.layer("InputLayer", index, [], batch_input_shape=[None] + shape[1:], sparse=False)
        del self.layers[-1]["config"]["trainable"]

    def _name(self, output: int) -> str:
        """The layer's own part of a name like "model/conv2d/Relu;model/conv2d/BiasAdd"."""
        parts = decoded(self.model.tensor(0, output).name).split(";")[0].split("/")
        wanted = parts[0] if len(parts) < 3 else parts[1]
        wanted = "".join(c if c.isalnum() or c in "_-." else "_" for c in wanted.split(":")[0])
        name, number = wanted or "layer", 0
        while name in self._names:
            number += 1
            name = "%s_%d" % (wanted, number)
        self._names.add(name)
        return name

    def _convert(self, node: int) -> None:
        found = self.model.node(node)
        assert found is not None
        op, inputs, outputs, _ = found
        try:
            if op not in LAYERS:
                raise Unsupported("no layer does that")
            if any(i >= 0 and i not in self._made and not self.is_constant(i) and
                   self.type(i) in (5, 13, 14) for i in inputs):
                raise Unsupported("it works on strings or resources")
            LAYERS[op](self, node, inputs, outputs)
        except Unsupported as error:
            raise ValueError("%s (operator %d) cannot be a Keras layer: %s"
                             % (op, node, error)) from None

    def config(self) -> dict[str, typing.Any]:
        """What Keras' model_from_json() takes."""
        def ends(indices: list[int]) -> list[list[typing.Any]]:
            missing = [i for i in indices if i not in self._made]
            if missing:
                raise ValueError("Tensor %d is computed by no layer." % missing[0])
            return [[self._made[i], 0, 0] for i in indices]

        return {"class_name": "Functional", "config": {
            "name": "model", "layers": self.layers, "input_layers": ends(self.model.inputs()),
            "output_layers": ends(self.model.outputs())}}


def files(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """{file name: bytes} of the export of a model file."""
    if np is None:
        raise ImportError("export-keras needs numpy")
    graph = Graph(Interpreter(model_path=path))
    manifest = [{"name": name, "shape": list(values.shape), "dtype": "float32"}
                for name, values in graph.weights.items()]
    topology = {
        "format": "layers-model", "generatedBy": "keras v2.15.0",
        "convertedBy": "pipit %s" % lib.pipit_version().decode(),
        "modelTopology": {"keras_version": "2.15.0", "backend": "tensorflow",
                          "model_config": graph.config()},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}]}
    npz = io.BytesIO()
    np.savez(npz, **graph.weights)
    return {"weights.bin": b"".join(v.astype("<f4").tobytes() for v in graph.weights.values()),
            "weights.npz": npz.getvalue(),
            "model.json": json.dumps(topology, indent=1).encode()}


def export_keras(model: str | os.PathLike[str], folder: str | os.PathLike[str]) -> None:
    """Writes the files of a model into `folder`, which is made if need be.

    They come under temporary names first: what is there already stays whole when anything fails.

    Raises:
      ValueError: the model is refused, or has an operator that no layer expresses, named in it; or
        it is itself where a file would go.
      OSError: the files cannot be written.
    """
    made = files(model)
    os.makedirs(folder, exist_ok=True)
    for name in made:
        _check_place(model, os.path.join(folder, name))
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as beside:
        for name, data in made.items():
            with open(os.path.join(beside, name), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for name in made:
            os.replace(os.path.join(beside, name), os.path.join(folder, name))


def _check_place(model: str | os.PathLike[str], path: str) -> None:
    """Whether all files can come into place is found out before the first one does."""
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, "%s in it is a directory" % os.path.basename(path))
    if os.path.exists(path) and os.path.samefile(model, path):
        raise ValueError("%s would replace the model" % path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="pipit export-keras", description="Rebuilds a Keras model from a .tflite file: "
        "model.json and weights.bin for TensorFlow.js and Keras, and weights.npz.")
    parser.add_argument("model")
    parser.add_argument("-o", "--output-dir", metavar="DIR", required=True)
    given = parser.parse_args(arguments)
    try:
        export_keras(given.model, given.output_dir)
    except ValueError as error:
        print("pipit: %s: %s" % (given.model, error), file=sys.stderr)
        return 3
    except ImportError as error:
        print("pipit: %s" % error, file=sys.stderr)
        return 6
    except OSError as error:
        print("pipit: %s: %s" % (given.output_dir, error.strerror or error), file=sys.stderr)
        return 6
    return 0


if __name__ == "__main__":
    sys.exit(main())
