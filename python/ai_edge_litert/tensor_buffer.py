# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.tensor_buffer: memory for an input or output of a CompiledModel."""

from __future__ import annotations

import math
import typing

from pipit import _types as types

if typing.TYPE_CHECKING:
    import numpy.typing

    Array = numpy.typing.NDArray[typing.Any]

np = types.np


class TensorBuffer:
    """The elements of a tensor: write() before a run, read() after it."""

    def __init__(self, elements: Array, shape: typing.Sequence[int], dtype: str) -> None:
        self._elements: Array | None = elements  # flat
        self._shape, self._dtype = list(shape), dtype

    @classmethod
    def create_from_host_memory(cls, data_array: Array) -> TensorBuffer:
        """One over the bytes of a contiguous array: what is in it when a model runs counts.

        Raises:
          ValueError: it is no such array.
        """
        _check_array(data_array)
        if not data_array.flags.c_contiguous:
            raise ValueError("data_array should be contiguous, so that its bytes can be used")
        return cls(data_array.reshape(-1), data_array.shape, data_array.dtype.name)

    @classmethod
    def _of(cls, code: int, shape: typing.Sequence[int]) -> TensorBuffer:
        """A zeroed one for a tensor of that type of the file format."""
        types.need_numpy()
        if code == types.STRING or not types.has_values(code):
            raise ValueError("a buffer cannot hold a tensor of type %s" % types.name(code))
        zeros = np.zeros(math.prod(shape), types.dtype(code))
        return cls(zeros, shape, types.name(code).lower())

    def _array(self) -> Array:
        if self._elements is None:
            raise ValueError("TensorBuffer has been destroyed")
        return self._elements.reshape(self._shape)

    def _take(self, values: Array) -> None:
        """The outcome of a run, which may have another shape each time."""
        there = self._array()
        if there.shape != values.shape:
            self._elements, self._shape = values.reshape(-1), list(values.shape)
        else:
            there[...] = values

    def write(self, data_array: Array) -> None:
        """Copies an array of the same type into the buffer, from its start on.

        Raises:
          ValueError: it has another type, or more elements than the buffer.
        """
        _check_array(data_array)
        there, flat = self._array().reshape(-1), data_array.reshape(-1)
        self._check_type(data_array.dtype)
        if flat.size > there.size:
            raise ValueError("the buffer has %d elements, the array %d" % (there.size, flat.size))
        there[:flat.size] = flat

    def read(self, num_elements: int, output_dtype: typing.Any) -> Array:
        """A copy of its first elements.

        Raises:
          ValueError: it has another type, or less of them.
        """
        there = self._array().reshape(-1)
        self._check_type(np.dtype(output_dtype))
        if not 0 <= num_elements <= there.size:
            raise ValueError("the buffer has %d elements, not %d" % (there.size, num_elements))
        return typing.cast("Array", there[:num_elements].copy())

    def _check_type(self, wanted: typing.Any) -> None:
        have = self._array().dtype
        if have != wanted:
            raise ValueError("the buffer has elements of type %s, not %s" % (have.name, wanted.name))

    def get_tensor_details(self) -> dict[str, typing.Any]:
        """`dtype`, a name, and `shape`, a list."""
        return {"dtype": self._dtype, "shape": list(self._array().shape)}

    def destroy(self) -> None:
        """Gives the memory back."""
        self._elements = None


def _check_array(value: typing.Any) -> None:
    types.need_numpy()
    if not isinstance(value, np.ndarray):
        raise ValueError("data_array should be a numpy array, not %s" % type(value).__name__)
