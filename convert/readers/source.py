# SPDX-License-Identifier: Apache-2.0
"""Which kind of model a file or a folder is, by what is in it, and the model as a graph."""

from __future__ import annotations

import os
import typing

from ..format import tflite_file
from ..format.graph import ConvertError, Model
from .keras import files as keras_files

Path = typing.Union[str, "os.PathLike[str]"]
Shapes = typing.Mapping[str, typing.Sequence[int]]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_PLACES = [0] + [512 << i for i in range(12)]  # after what others put before it
KINDS = ("Keras (.h5, .hdf5, .keras), TensorFlow.js layers (model.json), SavedModel, ONNX or .tflite")


def kind_of(path: Path) -> str:
    """"keras-hdf5", "keras", "tfjs", "saved-model", "onnx" or "tflite"."""
    if os.path.isdir(path):
        return _kind_of_folder(path)
    with open(path, "rb") as file:
        head = file.read(512)
        if any(_at(file, place) == _HDF5 for place in _HDF5_PLACES):
            return "keras-hdf5"
    if head[:4] == b"PK\x03\x04":
        return "keras"
    if head[4:8] == b"TFL3":
        return "tflite"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return "tfjs"
    _refuse_known_others(head)
    if os.path.basename(path) == "saved_model.pb":
        return "saved-model"
    if head[:1] == b"\x08" or os.fspath(path).lower().endswith(".onnx"):
        return "onnx"
    raise ConvertError("it is no model that can be converted: %s" % KINDS)


def _at(file: typing.BinaryIO, place: int) -> bytes:
    file.seek(place)
    return file.read(8)


def _kind_of_folder(path: Path) -> str:
    for name, kind in (("saved_model.pb", "saved-model"), ("saved_model.pbtxt", "saved-model"),
                       ("model.json", "tfjs"), ("model.keras", "keras")):
        if os.path.exists(os.path.join(path, name)):
            return kind
    raise ConvertError("the folder has neither a saved_model.pb nor a model.json")


def _refuse_known_others(head: bytes) -> None:
    if head.startswith(b"version https://git-lfs"):
        raise ConvertError("it is a pointer of Git LFS: fetch the file itself with git lfs pull")
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise ConvertError("it is a web page, not a model")
    if not head:
        raise ConvertError("it is empty")


def read(path: Path, shapes: Shapes | None = None, signature_keys: list[str] | None = None,
         channels_first: bool = False, fixed: typing.Mapping[str, float] | None = None,
         tags: typing.Sequence[str] | None = None) -> Model:
    """`shapes`: of inputs by name, where the file leaves sizes open. `channels_first`: what ONNX
    has so at inputs and outputs stays so. `fixed`: values of ONNX's inputs that are settled now.
    `tags`: of the graph of a SavedModel. Raises ConvertError, ImportError where a package is missing, and OSError."""
    kind = kind_of(path)
    shapes = dict(shapes or {})
    if kind == "saved-model":
        from .saved_model.read import read_saved_model
        folder = path if os.path.isdir(path) else os.path.dirname(os.fspath(path)) or "."
        wanted = ("serve",) if tags is None else tags
        return read_saved_model(folder, signature_keys, wanted, shapes)
    if signature_keys:
        raise ConvertError("only a SavedModel has signatures to choose from")
    if kind == "onnx":
        from .onnx.read import read_onnx
        return read_onnx(os.fspath(path), shapes, channels_first, fixed)
    if channels_first or fixed:
        raise ConvertError("only of ONNX models channels stay first, and inputs are settled")
    if kind == "tflite":
        if shapes:
            raise ConvertError("the shapes of a .tflite file's inputs are settled")
        with open(path, "rb") as file:
            return tflite_file.read(file.read())
    if os.path.isdir(path) and kind == "keras":
        path = os.path.join(path, "model.keras")
        kind = kind_of(path)
    readers = {"keras-hdf5": keras_files.read_hdf5, "keras": keras_files.read_keras,
               "tfjs": keras_files.read_tfjs}
    return readers[kind](path, shapes)
