# SPDX-License-Identifier: Apache-2.0
"""Runs one signature of a model."""

from __future__ import annotations

import typing

from . import _library as c

if typing.TYPE_CHECKING:
    import numpy.typing

    from .interpreter import Interpreter

    Array = numpy.typing.NDArray[typing.Any]


class SignatureRunner:
    """`runner(x=array, y=array)` -> {output name: array}. Inputs take the shapes of the arrays. Threads
    may share one: they wait for each other."""

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
        self._signature = interpreter._signatures[signature_key]

    @classmethod
    def _by_tensor_names(cls, interpreter: Interpreter) -> SignatureRunner:
        """Of a model that has no signatures."""
        runner = cls.__new__(cls)
        runner._interpreter = interpreter
        runner._signature = interpreter._model.signature(c.DEFAULT_SIGNATURE)
        return runner

    def __call__(self, **kwargs: typing.Any) -> dict[str, Array]:
        """Runs it. The values need a `.shape`; the results are copies.

        Raises:
          ValueError: inputs are missing, unknown, or of another type.
          TypeError: a value has no shape.
          RuntimeError: an operator refuses the shapes, or cannot process a value.
        """
        signature, interpreter = self._signature, self._interpreter
        if len(kwargs) != len(signature.inputs):
            raise ValueError(
                "Invalid number of inputs provided for running a SignatureDef, expected %s vs "
                "provided %s" % (len(signature.inputs), len(kwargs)))
        with interpreter._turn.after_others():
            for name, value in kwargs.items():
                self._resize(name, value)
            interpreter._allocate(signature.subgraph)
            for name, value in kwargs.items():
                interpreter._set(signature.subgraph, signature.inputs[name], value)
            interpreter._invoke(signature.subgraph, signature.number)
            return {name: interpreter.get_tensor(index, signature.subgraph)
                    for name, index in signature.outputs.items()}

    def _resize(self, name: str, value: typing.Any) -> None:
        if name not in self._signature.inputs:
            raise ValueError("Invalid Input name (%s) for SignatureDef" % name)
        if not hasattr(value, "shape"):
            raise TypeError("%s should be an array, which has a shape, not %s"
                            % (name, type(value).__name__))
        self._interpreter._resize(self._signature.subgraph, self._signature.inputs[name],
                                  value.shape)

    def _details(self, names: dict[str, int]) -> dict[str, dict[str, typing.Any]]:
        return {name: self._interpreter._details(index, self._signature.subgraph)
                for name, index in names.items()}

    def get_input_details(self) -> dict[str, dict[str, typing.Any]]:
        """{input name: details}"""
        return self._details(self._signature.inputs)

    def get_output_details(self) -> dict[str, dict[str, typing.Any]]:
        """{output name: details}"""
        return self._details(self._signature.outputs)
