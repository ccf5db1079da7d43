# SPDX-License-Identifier: Apache-2.0
"""Runs one signature of a model."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    import numpy

    from .interpreter import Interpreter


class SignatureRunner:
    """`runner(x=array, y=array)` -> {output name: array}. Inputs take the shapes of the arrays."""

    def __init__(self, interpreter: Interpreter | None = None,
                 signature_key: str | None = None) -> None:
        if not interpreter:
            raise ValueError("None interpreter provided.")
        if not signature_key:
            raise ValueError("None signature_key provided.")
        if signature_key not in interpreter._signatures:
            raise ValueError('Invalid signature_key provided: "{}".'.format(signature_key))
        if signature_key in interpreter._refused:
            raise ValueError('The signature "%s" cannot run: %s'
                             % (signature_key, interpreter._refused[signature_key]))
        self._interpreter = interpreter
        self._key = signature_key
        self._number, self._subgraph, self._inputs, self._outputs = (
            interpreter._signatures[signature_key])

    def __call__(self, **kwargs: numpy.ndarray) -> dict[str, numpy.ndarray]:
        """Runs it. The values need a `.shape`; the results are copies.

        Raises:
          ValueError: inputs are missing, unknown, or of another type.
          RuntimeError: an operator refuses the shapes, or cannot process a value.
        """
        if len(kwargs) != len(self._inputs):
            raise ValueError(
                "Invalid number of inputs provided for running a SignatureDef, expected %s vs "
                "provided %s" % (len(self._inputs), len(kwargs)))
        interpreter = self._interpreter
        for name, value in kwargs.items():
            if name not in self._inputs:
                raise ValueError("Invalid Input name (%s) for SignatureDef" % name)
            interpreter._resize(self._subgraph, self._inputs[name], value.shape)
        interpreter._allocate(self._subgraph)
        for name, value in kwargs.items():
            interpreter._set(self._subgraph, self._inputs[name], value)
        interpreter._invoke(self._subgraph, self._number)
        return {name: interpreter.get_tensor(index, self._subgraph)
                for name, index in self._outputs.items()}

    def _details(self, names):
        return {name: self._interpreter._details(index, self._subgraph)
                for name, index in names.items()}

    def get_input_details(self) -> dict[str, dict[str, typing.Any]]:
        """{input name: details}"""
        return self._details(self._inputs)

    def get_output_details(self) -> dict[str, dict[str, typing.Any]]:
        """{output name: details}"""
        return self._details(self._outputs)
