# SPDX-License-Identifier: Apache-2.0
"""Samples from files: what a model is calibrated with, one after the other, never all in memory.

    .npy       values for the only input: one sample, or many along a first dimension
    .npz       values for several inputs by their names; each with many along a first dimension, or one
    .bin .raw  elements of the only input as they lie in memory, one sample after the other
    pictures   scaled to the size of the only input, each channel (value - mean) / std; needs Pillow
"""

from __future__ import annotations

import importlib
import os
import typing
import zipfile

import numpy as np

from ..format.elements import DTYPES
from ..format.graph import Array, ConvertError, Model, Tensor

Values = dict[str, Array]

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
_RAW = (".bin", ".raw")
_KNOWN = (".npy", ".npz", *_RAW, *_PICTURES)
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class Samples:
    """Samples of files and folders, each a list of arrays in the order of the model's inputs. Those of
    a folder follow in the order of their names; folders in it are classes, in the same order."""

    def __init__(self, model: Model, paths: typing.Sequence[str | os.PathLike[str]],
                 mean: float = 127.5, std: float = 127.5) -> None:
        if std == 0:
            raise ConvertError("std is not 0: pictures are divided by it")
        self._inputs, self._mean, self._std = model.main.inputs, mean, std
        self._labels: list[int] = []
        self._files: list[str] = []
        for path in paths:
            self._add(os.fspath(path))
        if not self._files:
            raise ConvertError(f"no samples in {', '.join(map(str, paths))}: known are files named "
                               f"{' '.join('*' + each for each in _KNOWN)}")

    @property
    def labels(self) -> list[int] | None:
        """The class of each file, when each stood in a folder of its class."""
        return self._labels if len(self._labels) == len(self._files) else None

    def __len__(self) -> int:
        """How many samples there are; a damaged file counts as one, and is told when it is read."""
        return sum(self._count(path) for path in self._files)

    def _count(self, path: str) -> int:
        suffix = os.path.splitext(path)[1].lower()
        try:
            if suffix == ".npz":
                return len(list(self._named(_archive(path))))
            if suffix == ".npy":
                values = np.load(path, mmap_mode="r", allow_pickle=False)
                return len(list(_split(self._only(), values)))
            return len(list(_raw(self._only(), path))) if suffix in _RAW else 1
        except (OSError, ValueError, zipfile.BadZipFile):
            return 1

    def _add(self, path: str) -> None:
        if not os.path.isdir(path):
            if not os.path.exists(path):
                raise ConvertError(f"{path}: there is no such file")
            if not _known(path):
                raise ConvertError(f"{path}: samples are files named "
                                   f"{' '.join('*' + each for each in _KNOWN)}")
            self._files.append(path)
            return
        entries = sorted(os.listdir(path))
        self._files += [os.path.join(path, each) for each in entries
                        if _known(each) and os.path.isfile(os.path.join(path, each))]
        folders = [each for each in entries if os.path.isdir(os.path.join(path, each))]
        for label, each in enumerate(folders):
            found = [name for name in sorted(os.listdir(os.path.join(path, each)))
                     if name.lower().endswith(_PICTURES)]
            self._files += [os.path.join(path, each, name) for name in found]
            self._labels += [label] * len(found)

    def __iter__(self) -> typing.Iterator[list[Array]]:
        for path in self._files:
            try:
                yield from self._of(path)
            except (OSError, ValueError, zipfile.BadZipFile) as error:
                said = str(error).splitlines() or [type(error).__name__]
                raise ConvertError(f"{path}: {said[0]}") from None

    def _of(self, path: str) -> typing.Iterator[list[Array]]:
        suffix = os.path.splitext(path)[1].lower()
        if suffix == ".npz":
            yield from self._named(_archive(path))
        elif suffix == ".npy":
            yield from ([each] for each in _split(
                self._only(), np.load(path, mmap_mode="r", allow_pickle=False)))
        elif suffix in _RAW:
            yield from ([each] for each in _raw(self._only(), path))
        else:
            yield [self._picture(path)]

    def _only(self) -> Tensor:
        if len(self._inputs) != 1:
            raise ConvertError(f"the model has {len(self._inputs)} inputs: samples for them are .npz "
                               "files with an array for each")
        return self._inputs[0]

    def _named(self, values: Values) -> typing.Iterator[list[Array]]:
        missing = [tensor.name for tensor in self._inputs if tensor.name not in values]
        if missing and len(self._inputs) == 1 and len(values) == 1:
            values = {self._inputs[0].name: next(iter(values.values()))}
        elif missing:
            raise ConvertError(f"has no array {missing[0]}: it has {', '.join(values)}")
        columns = [list(_split(tensor, values[tensor.name])) for tensor in self._inputs]
        if len({len(column) for column in columns}) > 1:
            raise ConvertError("its arrays hold "
                               f"{', '.join(str(len(column)) for column in columns)} samples")
        yield from (list(row) for row in zip(*columns))

    def _picture(self, path: str) -> Array:
        tensor = self._only()
        shape = tensor.shape
        if len(shape) != 4 or shape[3] not in _MODES:
            raise ConvertError(f"input {tensor.name} of shape {list(shape)} is no picture")
        values = _scaled(path, shape).reshape(1, *shape[1:])
        if tensor.dtype != "FLOAT32":
            return values.astype(DTYPES[tensor.dtype])
        return ((values - np.float32(self._mean)) / np.float32(self._std)).astype(np.float32)


def _scaled(path: str, shape: tuple[int, ...]) -> Array:
    image = _pillow()
    try:
        with image.open(path) as picture:
            whole = picture.convert(_MODES[shape[3]])
        return np.asarray(whole.resize((shape[2], shape[1]), image.BILINEAR))
    except Exception as error:  # damaged pictures raise what they like, SyntaxError for one
        raise ValueError(f"no picture: {error}") from None


def _archive(path: str) -> Values:
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _known(path: str) -> bool:
    return path.lower().endswith(_KNOWN)


def _pillow() -> typing.Any:
    try:
        return importlib.import_module("PIL.Image")
    except ImportError:
        raise ConvertError("pictures need the Python package Pillow: install Debian's python3-pil, "
                           "or pip's Pillow") from None


def _split(tensor: Tensor, values: Array) -> typing.Iterator[Array]:
    """The samples in an array: it is one, or has one dimension more, or a larger batch."""
    rank = len(tensor.shape)
    if values.ndim == rank + 1:
        yield from values
    elif values.ndim == rank and rank and tensor.shape[0] == 1 and values.shape[0] != 1:
        yield from (values[i:i + 1] for i in range(values.shape[0]))
    else:
        yield values


def _raw(tensor: Tensor, path: str) -> typing.Iterator[Array]:
    dtype = np.dtype(DTYPES[tensor.dtype])
    count = int(np.prod(tensor.shape, dtype=np.int64))
    size = os.path.getsize(path)
    if not count or not size or size % (count * dtype.itemsize):
        raise ConvertError(f"{path}: {size} bytes are no whole number of samples of "
                           f"{count * dtype.itemsize} bytes")
    with open(path, "rb") as file:
        for _ in range(size // (count * dtype.itemsize)):
            yield np.frombuffer(file.read(count * dtype.itemsize), dtype).reshape(tensor.shape)


def read_labels(path: str) -> list[int]:
    """The number of each sample's class, one a line, in the order of the samples."""
    try:
        with open(path, encoding="utf-8") as file:
            return [int(line.split(",")[-1].split()[-1]) for line in file if line.strip()]
    except (OSError, ValueError, IndexError) as error:
        raise ConvertError(f"{path}: labels are numbers, one a line: {error}") from None
