# SPDX-License-Identifier: Apache-2.0
"""Keras models from their files: HDF5, Keras 3's zip, and TensorFlow.js' folder."""

from __future__ import annotations

import json
import math
import os
import tempfile
import typing
import zipfile

import numpy as np

from ...format.graph import Array, ConvertError, Model
from . import hdf5
from .config import Json, parse
from .context import TFJS
from .read import Reader
from .weights import ByAttribute, ByName, Named, Store

Path = typing.Union[str, "os.PathLike[str]"]
Shapes = typing.Mapping[str, typing.Sequence[int]]

MAX_JSON = 1 << 27
MAX_RATIO = 1100  # of what deflate unpacks to what it packed


def load_json(content: bytes, what: str) -> Json:
    if len(content) > MAX_JSON:
        raise ConvertError("%s has %d bytes, more than any model's" % (what, len(content)))
    try:
        return json.loads(content)
    except RecursionError:
        raise ConvertError("%s has too many levels" % what) from None
    except ValueError as error:
        raise ConvertError("%s is no JSON: %s" % (what, error)) from None


def build(document: Json, store: Store, keras: int, shapes: Shapes | None) -> Model:
    try:
        return Reader(store, keras, shapes or {}).read(parse(document))
    except ConvertError:
        raise
    except RecursionError:
        raise ConvertError("its models are nested too deeply") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A stranger's configuration may hold anything anywhere.
        raise ConvertError("its configuration cannot be read: %s: %s"
                           % (type(error).__name__, " ".join(str(error).split()))) from error


def _hdf5(path: Path) -> hdf5.File:
    try:
        return hdf5.read(path)
    except hdf5.Unreadable as error:
        raise ConvertError(str(error)) from None


# ---- HDF5 ----------------------------------------------------------------------------------------


def read_hdf5(path: Path, shapes: Shapes | None = None) -> Model:
    file = _hdf5(path)
    if "model_config" not in file.texts:
        raise ConvertError("it has weights only: save the whole model, with model.save()")
    version = file.texts.get("keras_version", "2")
    document = load_json(file.texts["model_config"].encode(errors="replace"), "its model_config")
    return build(document, ByName(_groups(file)), 3 if version.startswith("3") else 2,
                 shapes)


def _groups(file: hdf5.File) -> dict[str, Named]:
    groups: dict[str, Named] = {}
    for group, names in file.names.items():
        for name in names:
            array = file.arrays.get("%s/%s" % (group, name))
            if array is not None:
                groups.setdefault(group, []).append((name, array))
    return groups


# ---- Keras 3 -------------------------------------------------------------------------------------


def read_keras(path: Path, shapes: Shapes | None = None) -> Model:
    try:
        with zipfile.ZipFile(path) as archive:
            document = load_json(_member(archive, "config.json"), "its config.json")
            version = _version(archive)
            file = _weights(archive, path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError,
            ValueError, OverflowError) as error:
        if isinstance(error, ConvertError):
            raise
        raise ConvertError("its zip cannot be read: %s" % error) from None
    return build(document, ByAttribute(file.arrays), version, shapes)


def _info(archive: zipfile.ZipFile, name: str, limit: int) -> zipfile.ZipInfo:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise ConvertError("no %s is in the zip" % name) from None
    if info.file_size > min(limit, MAX_RATIO * info.compress_size):
        raise ConvertError("%s in it says it has %d bytes, and %d are there"
                           % (name, info.file_size, info.compress_size))
    return info


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    info = _info(archive, name, MAX_JSON)
    with archive.open(info) as file:
        return file.read(info.file_size)


def _version(archive: zipfile.ZipFile) -> int:
    if "metadata.json" not in archive.namelist():
        return 3
    metadata = load_json(_member(archive, "metadata.json"), "its metadata.json")
    version = metadata.get("keras_version", "3") if isinstance(metadata, dict) else "3"
    return 2 if str(version).startswith("2") else 3


def _weights(archive: zipfile.ZipFile, path: Path) -> hdf5.File:
    """Unpacked beside nothing of the user's, and no more of it than it says."""
    info = _info(archive, "model.weights.h5", hdf5.MAX_BYTES + (1 << 28))
    with tempfile.NamedTemporaryFile(suffix=".h5") as file:
        with archive.open(info) as packed:
            left = info.file_size
            while left:
                part = packed.read(min(left, 1 << 20))
                if not part:
                    raise ConvertError("model.weights.h5 in it is cut short")
                file.write(part)
                left -= len(part)
        file.flush()
        return _hdf5(file.name)


# ---- TensorFlow.js -------------------------------------------------------------------------------


_TYPES = {"float32": "<f4", "int32": "<i4", "bool": "?", "float16": "<f2", "uint8": "u1",
          "uint16": "<u2"}


def read_tfjs(path: Path, shapes: Shapes | None = None) -> Model:
    """A model.json, beside its shards, or the folder of it."""
    if os.path.isdir(path):
        path = os.path.join(path, "model.json")
    with open(path, "rb") as file:
        document = load_json(file.read(MAX_JSON + 1), os.path.basename(path))
    topology = document.get("modelTopology") if isinstance(document, dict) else None
    if not isinstance(topology, dict):
        raise ConvertError("it has no modelTopology")
    if "node" in topology or document.get("format") == "graph-model":
        raise ConvertError("it is a graph model of TensorFlow.js: convert what it was made from")
    config = topology.get("model_config", topology)
    version = str(topology.get("keras_version", "2"))
    manifest = document.get("weightsManifest")
    store = ByName({"": _manifest(manifest, os.path.dirname(os.path.abspath(path)))})
    keras = TFJS if version.startswith("tfjs") else 3 if version.startswith("3") else 2
    return build(config, store, keras, shapes)


def _manifest(manifest: Json, folder: str) -> Named:
    found: Named = []
    for group in _list(manifest, "weightsManifest"):
        if not isinstance(group, dict):
            raise ConvertError("its weightsManifest cannot be read")
        content = _shards(_list(group.get("paths"), "paths"), folder)
        at = 0
        for weight in _list(group.get("weights"), "weights"):
            name, array, at = _weight(weight, content, at)
            found.append((name, array))
    return found


def _list(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        raise ConvertError("its %s is no list" % what)
    return value


def _shards(paths: list[Json], folder: str) -> bytearray:
    content = bytearray()
    for path in paths:
        if not isinstance(path, str) or os.path.basename(path) != path or path in ("", ".", ".."):
            raise ConvertError("its shard %.60r is not the name of a file beside it" % (path,))
        with open(os.path.join(folder, path), "rb") as file:
            content += file.read(hdf5.MAX_BYTES - len(content) + 1)
        if len(content) > hdf5.MAX_BYTES:
            raise ConvertError("its shards have more than %d bytes" % hdf5.MAX_BYTES)
    return content


def _weight(weight: Json, content: bytearray, at: int) -> tuple[str, Array, int]:
    """{"name", "shape", "dtype", "quantization"}, and where the next one begins."""
    get = weight.get if isinstance(weight, dict) else {}.get
    name, shape, quantization = get("name"), get("shape"), get("quantization") or {}
    if not isinstance(name, str) or not isinstance(shape, list) \
            or not isinstance(quantization, dict) \
            or not all(isinstance(n, int) and 0 <= n < 1 << 31 for n in shape):
        raise ConvertError("a weight in its weightsManifest cannot be read")
    kind = quantization.get("dtype", get("dtype", "float32"))
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ConvertError("weight %s: its type %.40s is not supported" % (name, kind))
    stored = np.dtype(_TYPES[kind])
    count = math.prod(shape)
    end = at + count * stored.itemsize
    if end > len(content):
        raise ConvertError("weight %s: its shards end before it" % name)
    array = np.frombuffer(content, stored, count, at).reshape(shape)
    return name, _dequantized(array, quantization, name), end


def _dequantized(array: Array, quantization: Json, name: str) -> Array:
    if "scale" not in quantization:
        return array
    scale, least = quantization["scale"], quantization.get("min", 0)
    if not all(isinstance(n, (int, float)) for n in (scale, least)):
        raise ConvertError("weight %s: its quantization cannot be read" % name)
    return np.asarray(array * np.float32(scale) + np.float32(least), np.float32)
