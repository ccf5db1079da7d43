# SPDX-License-Identifier: Apache-2.0
"""Reading and writing tensors, and what is known of them."""

from __future__ import annotations

import ctypes
import math
import typing

from . import _arguments as arguments
from . import _library as c
from . import _types as types

from ._model import Model
from ._plan import Plan, Shapes
from ._turn import Turn

if typing.TYPE_CHECKING:
    import numpy.typing

    Array = numpy.typing.NDArray[typing.Any]

np = types.np


def _ints(values: typing.Iterable[int]) -> typing.Any:
    return tuple(values) if np is None else np.array(values, dtype=np.int32)


def _floats(values: typing.Iterable[float]) -> typing.Any:
    return tuple(values) if np is None else np.array(values, dtype=np.float32)


class Values:
    """The part of an Interpreter that looks at tensors."""

    _model: Model
    _plan: Plan | None
    _shapes: Shapes
    _turn: Turn
    _compress_zero_points: bool
    _strings: dict[tuple[int, int], typing.Any]  # {(subgraph, position): buffer} of inputs

    # What the rest of it does.
    def _options(self) -> c.Options:
        raise NotImplementedError

    def _ensure_safe(self) -> None:
        raise NotImplementedError

    def _invoke(self, subgraph: int, signature: int) -> None:
        raise NotImplementedError

    # ---- finding them

    def num_subgraphs(self) -> int:
        """How many graphs the model has; the first is the one that invoke() runs."""
        return self._model.subgraphs()

    def _check_index(self, index: int, subgraph: int = 0) -> int:
        index = arguments.integer(index, "the index of a tensor")
        subgraph = arguments.integer(subgraph, "the index of a subgraph")
        count = self._model.tensors(subgraph)
        if count < 0:
            raise ValueError("Invalid subgraph index %d exceeds max subgraph index %d"
                             % (subgraph, self.num_subgraphs() - 1))
        if not 0 <= index < count:
            raise ValueError("Invalid tensor index %d exceeds max tensor index %d"
                             % (index, count - 1))
        return index

    def _tensor(self, subgraph: int, index: int) -> c.Tensor:
        """As planned, or else as the file has it."""
        plan = self._plan
        tensor = plan.tensor(subgraph, index) if plan is not None else None
        return tensor if tensor is not None else self._model.tensor(subgraph, index)

    def _shape_of(self, subgraph: int, tensor: c.Tensor) -> tuple[int, ...]:
        inputs = self._model.inputs(subgraph)
        if tensor.index in inputs:
            return self._shapes.get((subgraph, inputs.index(tensor.index)), tensor.shape)
        return tensor.shape

    # ---- details

    def _details(self, index: int, subgraph: int = 0) -> dict[str, typing.Any]:
        tensor = self._tensor(subgraph, index)
        scales = tensor.scales[:tensor.scale_count]
        zero_points = tensor.zero_points[:tensor.zero_point_count]
        single = len(scales) == 1
        zero_point = zero_points[0] if zero_points else 0
        return {
            "name": c.decoded(tensor.name),
            "index": index,
            "shape": _ints(self._shape_of(subgraph, tensor)),
            "shape_signature": _ints(tensor.shape_signature if any(
                n < 0 for n in tensor.shape_signature) else self._shape_of(subgraph, tensor)),
            "dtype": types.dtype(tensor.type),
            "quantization": (scales[0], zero_point) if single else (0.0, 0),
            "quantization_parameters": {
                "scales": _floats(scales),
                "zero_points": _ints(zero_points),
                "quantized_dimension": tensor.quantized_dimension,
                "block_size": tensor.block_size,
            },
            "sparsity_parameters": self._sparsity(subgraph, index),
        }

    def _sparsity(self, subgraph: int, index: int) -> dict[str, typing.Any]:
        found = self._model.sparsity(subgraph, index)
        if not found:
            return {}
        for dimension in found["dim_metadata"]:
            for key in ("array_segments", "array_indices"):
                if key in dimension:
                    dimension[key] = _ints(dimension[key])
        return dict(found, traversal_order=_ints(found["traversal_order"]),
                    block_map=_ints(found["block_map"]))

    def get_input_details(self) -> list[dict[str, typing.Any]]:
        """A list of dicts: name, index, shape, shape_signature (-1: any size), dtype, quantization
        (scale, zero point), quantization_parameters, sparsity_parameters."""
        return [self._details(i) for i in self._model.inputs()]

    def get_output_details(self) -> list[dict[str, typing.Any]]:
        """The same for the outputs."""
        return [self._details(i) for i in self._model.outputs()]

    def get_tensor_details(self, subgraph_index: int = 0) -> list[dict[str, typing.Any]]:
        """The same for every tensor of a subgraph whose type numpy has.

        Raises:
          ValueError: there is no such subgraph.
        """
        count = self._model.tensors(arguments.integer(subgraph_index, "subgraph_index"))
        if count < 0:
            raise ValueError(
                "subgraph_index is out of range: {} for the model, which has {} subgraphs.".format(
                    subgraph_index, self.num_subgraphs()))
        return [d for d in (self._details(i, subgraph_index) for i in range(count))
                if d["dtype"] is not None]

    def _get_tensor_details(self, tensor_index: int, subgraph_index: int) -> dict[str, typing.Any]:
        tensor_index = self._check_index(tensor_index, subgraph_index)
        return self._details(tensor_index, subgraph_index)

    def _get_op_details(self, op_index: int) -> dict[str, typing.Any]:
        node = self._model.node(arguments.integer(op_index, "op_index"))
        if node is None:
            raise ValueError("Invalid node index")

        def kinds(indices: list[int]) -> list[typing.Any]:
            return [types.dtype(self._model.tensor(0, i).type) for i in indices if i >= 0]

        return {"index": op_index, "op_name": node.op, "inputs": _ints(node.inputs),
                "outputs": _ints(node.outputs), "operand_types": kinds(node.inputs),
                "result_types": kinds(node.outputs)}

    def _get_ops_details(self) -> list[dict[str, typing.Any]]:
        """index, op_name, inputs, outputs, operand_types and result_types of each operator."""
        return [self._get_op_details(i) for i in range(self._model.nodes())]

    # ---- reading

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Array:
        """A copy of a tensor's values: a numpy array of its shape (a scalar for rank 0; of `bytes`
        for strings), or without numpy a memoryview.

        Raises:
          ValueError: there is no such tensor, or it has no values (yet).
        """
        tensor_index = self._check_index(tensor_index, subgraph_index)
        with self._turn:
            return typing.cast("Array", self._get(subgraph_index, tensor_index))

    def _get(self, subgraph: int, index: int) -> typing.Any:
        tensor = self._tensor(subgraph, index)
        if not types.has_values(tensor.type):
            raise ValueError("Unknown tensor type.")
        if not tensor.data and tensor.bytes:
            raise ValueError("Tensor data is null. Run allocate_tensors() first")
        raw = ctypes.string_at(tensor.data, tensor.bytes) if tensor.bytes else b""
        if tensor.type == types.STRING and not raw:
            raise ValueError("Tensor data is null. Run allocate_tensors() first")
        return self._array(raw, tensor)

    @staticmethod
    def _array(raw: bytes, tensor: c.Tensor) -> typing.Any:
        if tensor.type == types.STRING:
            return _string_array(types.unpack_strings(raw), tensor.shape)
        if np is None:
            return _memory(bytearray(raw), tensor)
        count = math.prod(tensor.shape)
        if tensor.type in types.PACKED:
            values = types.unpack(np.frombuffer(raw, np.uint8), tensor.type, count)
        else:
            values = np.frombuffer(bytearray(raw), types.dtype(tensor.type))
        if values.size != count:
            return values  # stored sparsely: what there is, in the order of the file
        return values.reshape(tensor.shape)[()]

    def tensor(self, tensor_index: int) -> typing.Callable[[], Array]:
        """A function that returns a view of the tensor's own bytes, to read and to write.

        Hold the function, not the views: while there is one, allocate_tensors(), invoke() and
        resize_tensor_input() raise RuntimeError.
        """
        def view() -> Array:
            with self._turn:
                return typing.cast("Array", self._view(self._check_index(tensor_index)))

        return view

    def _view(self, index: int) -> typing.Any:
        tensor = self._tensor(0, index)
        if not tensor.data and tensor.bytes:
            raise ValueError("Tensor data is null. Run allocate_tensors() first")
        if tensor.type in types.PACKED or tensor.type == types.STRING or not types.has_values(
                tensor.type):
            raise ValueError("Tensor %d of type %s has no elements that a view could show."
                             % (index, types.name(tensor.type)))
        if not tensor.bytes or self._plan is None:
            return self.get_tensor(index)  # empty, or a constant of a model that is not planned
        if np is None:
            return _memory(self._plan.export(tensor), tensor)
        flat = np.frombuffer(self._plan.export(tensor), types.dtype(tensor.type))
        if tensor.storage == c.STORAGE_CONSTANT:
            flat.flags.writeable = False
        return flat.reshape(tensor.shape)

    # ---- writing

    def set_tensor(self, tensor_index: int, value: typing.Any) -> None:
        """Copies `value` into a tensor. Its type and shape must be the tensor's.

        Raises:
          ValueError: they are not, there is no such tensor, or allocate_tensors() is missing.
          TypeError: the value, or the index, is no such thing at all.
        """
        tensor_index = self._check_index(tensor_index)
        with self._turn:
            self._set(0, tensor_index, value)

    def _set(self, subgraph: int, index: int, value: typing.Any) -> None:
        tensor = self._tensor(subgraph, index)
        if value is None or isinstance(value, dict):
            raise TypeError("Cannot set tensor: the value should be an array of type %s, not %s"
                            % (types.name(tensor.type), type(value).__name__))
        if tensor.type == types.STRING:
            return self._set_strings(subgraph, tensor, value)
        if np is None:
            return self._set_buffer(tensor, value)
        value = np.asarray(value)
        self._check_value(tensor, value)
        self._write(tensor, types.pack(value, tensor.type) if tensor.type in types.PACKED
                    else value.tobytes())

    @staticmethod
    def _check_value(tensor: c.Tensor, value: typing.Any) -> None:
        have, want = types.name_of_array(value), types.name(tensor.type)
        if tensor.type in types.PACKED:
            same = value.dtype == types.dtype(tensor.type)
        else:
            same = have == want or have in types.RAW.get(tensor.type, ())
        if not same:
            real = value.dtype.kind == "f" and tensor.scale_count
            raise ValueError(
                "Cannot set tensor: Got value of type %s but expected type %s for input %d, name: %s "
                "%s" % (have, want, tensor.index, c.decoded(tensor.name),
                        "Real numbers are for quantize() or run_float()." if real else ""))
        _check_shape(tensor, value.shape)

    def _write(self, tensor: c.Tensor, raw: bytes) -> None:
        if self._plan is None or (not tensor.data and tensor.bytes):
            raise ValueError(
                "Cannot set tensor: Tensor is unallocated. Try calling allocate_tensors() first")
        if tensor.storage == c.STORAGE_CONSTANT:
            raise ValueError("Cannot set tensor: tensor %d is a constant." % tensor.index)
        if len(raw) != tensor.bytes:
            raise ValueError("numpy array had %d bytes but expected %d bytes."
                             % (len(raw), tensor.bytes))
        ctypes.memmove(tensor.data, raw, len(raw))

    def _set_buffer(self, tensor: c.Tensor, value: typing.Any) -> None:
        """Without numpy: anything with a buffer of the tensor's element type and shape, or with its
        bytes for types that have no format."""
        view, wanted = memoryview(value), types.buffer_format(tensor.type)
        if wanted is None and view.format == "B":
            return self._write(tensor, view.tobytes())
        if view.format != wanted:
            raise ValueError(
                "Cannot set tensor: Got value of type %s but expected type %s for input %d, name: %s "
                % (view.format, types.name(tensor.type), tensor.index, c.decoded(tensor.name)))
        _check_shape(tensor, view.shape)
        return self._write(tensor, view.tobytes())

    def _set_strings(self, subgraph: int, tensor: c.Tensor, value: typing.Any) -> None:
        if np is not None:
            self._check_value(tensor, np.asarray(value))
            if not isinstance(value, np.ndarray):
                raise ValueError("Passed in value type is not a numpy array, got type %s."
                                 % type(value).__name__)
        inputs = self._model.inputs(subgraph)
        if tensor.index not in inputs:
            raise ValueError("Cannot set tensor: strings can be given to inputs only.")
        if self._plan is None:
            raise ValueError(
                "Cannot set tensor: Tensor is unallocated. Try calling allocate_tensors() first")
        if np is None:
            items = [value] if isinstance(value, (str, bytes)) else list(value)
        else:
            # An element loses the zero bytes at its end, which a single one may need.
            single = value.ndim == 0 and value.dtype.kind == "S"
            items = [value.tobytes()] if single else value.reshape(-1).tolist()
        raw = types.pack_strings(items)
        buffer = ctypes.create_string_buffer(raw, len(raw))
        self._bind(subgraph, inputs.index(tensor.index), buffer)

    def _bind(self, subgraph: int, position: int, buffer: typing.Any) -> None:
        """An input of strings to their buffer."""
        why, plan = c.Message(), self._plan
        if plan is None:
            return
        code = plan.lib.pipit_interpreter_bind_input(
            plan.handle, subgraph, position, ctypes.addressof(buffer), len(buffer),
            ctypes.byref(why))
        if code != c.OK:
            raise ValueError("Cannot set tensor: %s" % why.text)
        self._strings[subgraph, position] = buffer

    # ---- real numbers

    def quantize(self, tensor_index: int, real: typing.Any) -> Array:
        """The numbers of `real` as the tensor stores them: round(real / scale) + zero point, within
        the range of its type; what is not a number becomes the zero point. Per-channel scales are
        used along their dimension."""
        scale, zero_point = self._scale(tensor_index)
        dtype = types.dtype(self._tensor(0, tensor_index).type)
        info = types.PACKED.get(self._tensor(0, tensor_index).type)
        low, high = info[1:] if info else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        steps = np.rint(np.asarray(real, np.float64) / scale) + zero_point
        steps = np.where(np.isnan(steps), zero_point, steps)
        # The largest int64 is no float64: what reaches it is set, not converted.
        inside = np.clip(steps, low, np.nextafter(high, low) if float(high) > high else high)
        return typing.cast("Array", np.where(steps >= high, dtype(high), inside.astype(dtype)))

    def dequantize(self, tensor_index: int, values: typing.Any = None) -> Array:
        """The real numbers (float32) that a tensor, or `values` stored as it does, stands for."""
        scale, zero_point = self._scale(tensor_index)
        if values is None:
            values = self.get_tensor(tensor_index)
        real = (np.asarray(values, np.float64) - zero_point) * scale
        return typing.cast("Array", real.astype(np.float32))

    def _scale(self, index: int) -> tuple[typing.Any, typing.Any]:
        """Scale and zero point, shaped so that they apply to the whole tensor."""
        types.need_numpy()
        tensor = self._tensor(0, self._check_index(index))
        if tensor.scale_count == 0:
            raise ValueError("Tensor %d has no scale: it is not quantized." % index)
        scales = np.array(tensor.scales[:tensor.scale_count], np.float64)
        zeros = np.array(tensor.zero_points[:tensor.zero_point_count] or [0], np.float64)
        if scales.size == 1:
            return scales[0], zeros[0]
        along = [1] * tensor.rank
        along[tensor.quantized_dimension if tensor.rank > 1 else 0] = -1
        return scales.reshape(along), (zeros.reshape(along) if zeros.size > 1 else zeros[0])

    def run_float(self, *inputs: typing.Any) -> list[Array]:
        """Float in, float out: sets the inputs from real numbers, invokes, and returns the list of
        outputs as real numbers, whatever types the model uses inside."""
        types.need_numpy()
        wanted = self._model.inputs()
        if len(inputs) != len(wanted):
            raise ValueError("The model has %d inputs, got %d." % (len(wanted), len(inputs)))
        with self._turn.after_others():
            for index, real in zip(wanted, inputs):
                self._set_real(index, real)
            self._ensure_safe()
            self._invoke(0, c.DEFAULT_SIGNATURE)
            return [self.dequantize(i) if self._tensor(0, i).scale_count
                    else np.asarray(self.get_tensor(i), np.float32) for i in self._model.outputs()]

    def _set_real(self, index: int, real: typing.Any) -> None:
        tensor = self._tensor(0, index)
        if tensor.scale_count:
            self.set_tensor(index, self.quantize(index, real))
        else:
            self.set_tensor(index, np.asarray(real).astype(types.dtype(tensor.type)))


def _memory(buffer: typing.Any, tensor: c.Tensor) -> memoryview:
    """A memoryview of the tensor's type and shape; of its bytes for types that have no format; flat
    when it is sparse."""
    flat = memoryview(buffer).cast("B")
    code = types.buffer_format(tensor.type)
    if code is None:
        return flat
    flat = flat.cast(code)
    if 0 in tensor.shape or tensor.rank == 0 or len(flat) != math.prod(tensor.shape):
        return flat
    return flat.cast("B").cast(code, tensor.shape)


def _string_array(strings: list[bytes], shape: tuple[int, ...]) -> typing.Any:
    if np is None:
        return strings
    array = np.empty(len(strings), dtype=object)
    array[:] = strings
    return array.reshape(shape)


def _check_shape(tensor: c.Tensor, shape: typing.Any) -> None:
    want = tensor.shape
    if len(shape) != len(want):
        raise ValueError(
            "Cannot set tensor: Dimension mismatch. Got %d but expected %d for input %d."
            % (len(shape), len(want), tensor.index))
    for i, (have, expected) in enumerate(zip(shape, want)):
        if have != expected:
            raise ValueError(
                "Cannot set tensor: Dimension mismatch. Got %d but expected %d for dimension %d of "
                "input %d." % (have, expected, i, tensor.index))
