# SPDX-License-Identifier: Apache-2.0
"""Layers of an application's own, called one after the other: what a program that wraps an interpreter
in a Keras layer needs of Keras. They take and return arrays and are not trained."""

from __future__ import annotations

import typing

from . import _types as types

np = types.np


class Layer:
    """To derive from: call(inputs) computes, and is reached by calling the layer."""

    def __init__(self, name: str | None = None, **kwargs: typing.Any) -> None:
        unknown = set(kwargs) - {"trainable", "dtype", "dynamic", "input_shape"}
        if unknown:
            raise TypeError("Layer() takes no argument %s" % ", ".join(sorted(unknown)))
        self.name = name or type(self).__name__.lower()

    def __call__(self, inputs: typing.Any, *args: typing.Any,
                 **kwargs: typing.Any) -> typing.Any:
        return self.call(inputs, *args, **kwargs)

    def call(self, inputs: typing.Any) -> typing.Any:
        """The inputs as they are."""
        return inputs


class Sequential(Layer):
    """Layers in a row: each is called with what the one before returned."""

    def __init__(self, layers: typing.Iterable[typing.Any] | None = None,
                 name: str | None = None) -> None:
        super().__init__(name)
        self.layers: list[typing.Any] = []
        for layer in layers or []:
            self.add(layer)

    def add(self, layer: typing.Any) -> None:
        if not callable(layer):
            raise TypeError("%r is no layer: it cannot be called" % (layer,))
        self.layers.append(layer)

    def call(self, inputs: typing.Any) -> typing.Any:
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def predict(self, x: typing.Any) -> typing.Any:
        """What the layers make of an array, which they get whole: it is not split into batches."""
        return self(x if np is None else np.asarray(x))
