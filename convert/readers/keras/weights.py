# SPDX-License-Identifier: Apache-2.0
"""Where the files of Keras keep the weights of a layer."""

from __future__ import annotations

import re
import typing

import numpy as np

from ...format.graph import Array, ConvertError
from .config import Layer

Named = typing.List[typing.Tuple[str, Array]]


class Store(typing.Protocol):
    def arrays(self, layer: Layer) -> Named:
        """The weights of a layer in the order in which it made them, and what they are called."""


class ByName:
    """Lists of names like "dense/kernel:0", one for each outermost layer (HDF5), or one for all ("":
    TensorFlow.js)."""

    def __init__(self, groups: dict[str, Named]) -> None:
        self._groups = groups

    def arrays(self, layer: Layer) -> Named:
        if "" in self._groups:
            return _part(self._groups[""], layer.place)
        group = self._groups.get(layer.place[0], [])
        return group if len(layer.place) == 1 else _part(group, layer.place[1:])


def _part(group: Named, place: tuple[str, ...]) -> Named:
    """Those with the layer's name in their path; those that have the names around it, too, first."""
    found = [each for each in group if place[-1] in each[0].split("/")[:-1]]
    closer = [each for each in found if "/".join(place) in each[0]]
    return closer or found


class ByAttribute:
    """Paths of attributes and numbers, as Keras 3 has them: "layers/dense/vars/0"."""

    _PARTS = ("cell", "forward_layer", "backward_layer", "layer", "query_dense", "key_dense",
              "value_dense", "output_dense")

    def __init__(self, variables: dict[str, Array]) -> None:
        old = "_layer_checkpoint_dependencies/"
        self._variables = {path.replace(old, "layers/"): each for path, each in variables.items()}

    def arrays(self, layer: Layer) -> Named:
        return self._below("/".join(layer.attributes))

    def _below(self, path: str) -> Named:
        found: Named = []
        while "%s/vars/%d" % (path, len(found)) in self._variables:
            name = "%s/vars/%d" % (path, len(found))
            found.append((name, self._variables[name]))
        for part in self._PARTS:
            for spelled in (part, "_" + part):
                inside = "%s/%s" % (path, spelled)
                if any(each.startswith(inside + "/") for each in self._variables):
                    found += self._below(inside)
                    break
        return found


def pick(arrays: Named, names: typing.Sequence[str]) -> dict[str, Array]:
    """By name where each name is there once, otherwise by position."""
    if len(arrays) < len(names):
        raise ConvertError("has %d weights in the file, not %d (%s)"
                           % (len(arrays), len(names), ", ".join(names)))
    by_name: dict[str, list[Array]] = {}
    for path, array in arrays:
        by_name.setdefault(_base(path), []).append(array)
    if all(len(by_name.get(name, [])) == 1 for name in names):
        return {name: by_name[name][0] for name in names}
    if len(arrays) != len(names):
        raise ConvertError("has %d weights in the file, not %d (%s)"
                           % (len(arrays), len(names), ", ".join(names)))
    return {name: array for name, (_, array) in zip(names, arrays)}


def _base(path: str) -> str:
    """ "dense/kernel_1:0" is a kernel. """
    return re.sub(r"(_\d+)?(:\d+)?$", "", path.split("/")[-1])


def as_float(array: Array) -> Array:
    return np.asarray(array, np.float32)
