# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.compiled_model: models that run on buffers, over Pipit's interpreter.

    model = CompiledModel.from_file("model.tflite")
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    inputs[0].write(image)
    model.run_by_index(0, inputs, outputs)
    scores = outputs[0].read(1000, np.float32)
"""

from __future__ import annotations

import os
import typing

from pipit import _arguments as arguments
from pipit import _library as library
from pipit import _types as types
from pipit._model import Signature
from pipit.interpreter import Interpreter

from .environment import Environment
from .hardware_accelerator import HardwareAccelerator
from .options import CpuKernelMode, CpuOptions, GpuOptions, Options
from .tensor_buffer import TensorBuffer

__all__ = ["CompiledModel", "CpuKernelMode", "CpuOptions", "Environment", "GpuOptions",
           "HardwareAccelerator", "Options", "TensorBuffer"]

Details = typing.Dict[str, typing.Any]
_Self = typing.TypeVar("_Self", bound="CompiledModel")

_DEFAULT_KEY = "<placeholder signature>"
_HOST_MEMORY = 1


class CompiledModel:
    """A model with its signatures; one without has a signature that names its tensors."""

    def __init__(self, interpreter: Interpreter, environment: Environment | None = None) -> None:
        self._interpreter = interpreter
        self._environment = environment if environment is not None else Environment()
        model = interpreter._model
        found = list(interpreter._signatures.values())
        self._entries = [
            Signature(s.key, s.number, s.subgraph, _ordered(s.inputs, model.inputs(s.subgraph)),
                      _ordered(s.outputs, model.outputs(s.subgraph))) for s in found]
        if not found:
            default = model.signature(library.DEFAULT_SIGNATURE)
            self._entries = [Signature(_DEFAULT_KEY, default.number, 0,
                                       _ordered(default.inputs, model.inputs()),
                                       _ordered(default.outputs, model.outputs()))]

    @classmethod
    def from_file(cls: type[_Self], model_path: str | os.PathLike[str],
                  hardware_accel: HardwareAccelerator = HardwareAccelerator.CPU,
                  environment: Environment | None = None, *,
                  options: Options | None = None) -> _Self:
        """Of a file.

        Raises:
          ValueError: the model cannot be read, is damaged, or cannot run.
          RuntimeError: the CPU is not among the accelerators.
        """
        threads = _threads(hardware_accel, environment, options)
        return cls(Interpreter(model_path=model_path, num_threads=threads), environment)

    @classmethod
    def from_buffer(cls: type[_Self], model_data: bytes,
                    hardware_accel: HardwareAccelerator = HardwareAccelerator.CPU,
                    environment: Environment | None = None, *,
                    options: Options | None = None) -> _Self:
        """The same of bytes."""
        threads = _threads(hardware_accel, environment, options)
        return cls(Interpreter(model_content=bytes(model_data), num_threads=threads), environment)

    @property
    def environment(self) -> Environment:
        """What it was made with."""
        return self._environment

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._interpreter.close()

    # ---- signatures

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """{key: {"inputs": [names], "outputs": [names]}}"""
        return {e.key: {"inputs": list(e.inputs), "outputs": list(e.outputs)} for e in self._entries}

    def get_signature_by_index(self, index: int) -> Details:
        """`key`, `inputs` and `outputs` of one."""
        entry = self._entry(index)
        return {"key": entry.key, "inputs": list(entry.inputs), "outputs": list(entry.outputs)}

    def get_num_signatures(self) -> int:
        """How many there are, at least one."""
        return len(self._entries)

    def get_signature_index(self, key: str) -> int:
        """The signature of that name, or -1."""
        return next((i for i, e in enumerate(self._entries) if e.key == key), -1)

    def _entry(self, index: int) -> Signature:
        index = arguments.between(index, 0, len(self._entries) - 1, "the index of a signature")
        return self._entries[index]

    def _named(self, key: str) -> Signature:
        index = self.get_signature_index(key)
        if index < 0:
            raise ValueError("Unknown signature: %s; there are %s"
                             % (key, [e.key for e in self._entries]))
        return self._entries[index]

    # ---- tensors

    def get_input_tensor_details(self, signature_key: str) -> dict[str, Details]:
        """{name: {`name`, `index`, `dtype`, `shape`}} as they are now."""
        entry = self._named(signature_key)
        return {name: self._details(entry, i) for name, i in entry.inputs.items()}

    def get_output_tensor_details(self, signature_key: str) -> dict[str, Details]:
        """The same for the outputs."""
        entry = self._named(signature_key)
        return {name: self._details(entry, i) for name, i in entry.outputs.items()}

    def _details(self, entry: Signature, index: int) -> Details:
        tensor = self._tensor(entry, index)
        return {"name": library.decoded(tensor.name), "index": index,
                "dtype": types.name(tensor.type).lower(), "shape": list(tensor.shape)}

    def _tensor(self, entry: Signature, index: int) -> library.Tensor:
        with self._interpreter._turn.after_others():
            self._interpreter._allocate(entry.subgraph)
            return self._interpreter._tensor(entry.subgraph, index)

    def get_input_buffer_requirements(self, input_index: int, signature_index: int = 0) -> Details:
        """`buffer_size` in bytes, and `supported_types`: the host's memory."""
        entry = self._entry(signature_index)
        return self._requirements(entry, list(entry.inputs.values()), input_index)

    def get_output_buffer_requirements(self, output_index: int, signature_index: int = 0) -> Details:
        """The same of an output."""
        entry = self._entry(signature_index)
        return self._requirements(entry, list(entry.outputs.values()), output_index)

    def _requirements(self, entry: Signature, tensors: list[int], index: int) -> Details:
        index = arguments.between(index, 0, len(tensors) - 1, "the index of a tensor")
        return {"buffer_size": int(self._tensor(entry, tensors[index]).bytes),
                "supported_types": [_HOST_MEMORY]}

    # ---- buffers

    def create_input_buffers(self, signature_index: int) -> list[TensorBuffer]:
        """One for each input."""
        entry = self._entry(signature_index)
        return [self._buffer(entry, i) for i in entry.inputs.values()]

    def create_output_buffers(self, signature_index: int) -> list[TensorBuffer]:
        """One for each output."""
        entry = self._entry(signature_index)
        return [self._buffer(entry, i) for i in entry.outputs.values()]

    def create_input_buffer_by_name(self, signature_key: str, input_name: str) -> TensorBuffer:
        """One for this input."""
        entry = self._named(signature_key)
        return self._buffer(entry, _of_name(entry.inputs, input_name, "input", entry))

    def create_output_buffer_by_name(self, signature_key: str, output_name: str) -> TensorBuffer:
        """One for this output."""
        entry = self._named(signature_key)
        return self._buffer(entry, _of_name(entry.outputs, output_name, "output", entry))

    def _buffer(self, entry: Signature, index: int) -> TensorBuffer:
        tensor = self._tensor(entry, index)
        return TensorBuffer._of(tensor.type, tensor.shape)

    # ---- running

    def resize_input_tensor(self, input_index: int, dims: typing.Sequence[int],
                            signature_index: int = 0, strict: bool = True) -> None:
        """Another shape for an input; strict: only where the model leaves it open. New buffers have
        the new sizes."""
        entry = self._entry(signature_index)
        tensors = list(entry.inputs.values())
        index = arguments.between(input_index, 0, len(tensors) - 1, "the index of an input")
        with self._interpreter._turn.after_others():
            self._interpreter._resize(entry.subgraph, tensors[index], list(dims), strict)

    def resize_input_tensor_by_name(self, signature_key: str, input_name: str,
                                    dims: typing.Sequence[int], strict: bool = True) -> None:
        """The same by names."""
        entry = self._named(signature_key)
        _of_name(entry.inputs, input_name, "input", entry)
        self.resize_input_tensor(list(entry.inputs).index(input_name), dims,
                                 self._entries.index(entry), strict)

    def run_by_index(self, signature_index: int, input_buffers: typing.Sequence[TensorBuffer],
                     output_buffers: typing.Sequence[TensorBuffer]) -> None:
        """One inference from buffers to buffers. Threads wait for each other."""
        entry = self._entry(signature_index)
        for what, names, buffers in (("inputs", entry.inputs, input_buffers),
                                     ("outputs", entry.outputs, output_buffers)):
            if len(names) != len(buffers):
                raise ValueError("the signature has %d %s, got %d buffers"
                                 % (len(names), what, len(buffers)))
        self._run(entry, dict(zip(entry.inputs, input_buffers)),
                  dict(zip(entry.outputs, output_buffers)))

    def run_by_name(self, signature_key: str, input_map: dict[str, TensorBuffer],
                    output_map: dict[str, TensorBuffer]) -> None:
        """The same with buffers by name; outputs that nobody wants may be left out."""
        entry = self._named(signature_key)
        if set(input_map) != set(entry.inputs):
            raise ValueError("the signature's inputs are %s, got %s"
                             % (sorted(entry.inputs), sorted(map(str, input_map))))
        for name in output_map:
            _of_name(entry.outputs, name, "output", entry)
        self._run(entry, input_map, output_map)

    def _run(self, entry: Signature, inputs: dict[str, TensorBuffer],
             outputs: dict[str, TensorBuffer]) -> None:
        interpreter = self._interpreter
        with interpreter._turn.after_others():
            interpreter._allocate(entry.subgraph)
            for name, buffer in inputs.items():
                index = entry.inputs[name]
                shape = interpreter._tensor(entry.subgraph, index).shape
                interpreter._set(entry.subgraph, index, _shaped(buffer._array(), shape))
            interpreter._invoke(entry.subgraph, entry.number)
            for name, buffer in outputs.items():
                buffer._take(types.np.asarray(
                    interpreter.get_tensor(entry.outputs[name], entry.subgraph)))

    def is_fully_accelerated(self) -> bool:
        """Whether what was asked for computes all of it."""
        return True


def _shaped(array: typing.Any, shape: tuple[int, ...]) -> typing.Any:
    """Of the tensor's shape, when it has as many elements: a buffer knows only their number."""
    return array.reshape(shape) if array.size == types.np.prod(shape, dtype=int) else array


def _ordered(names: dict[str, int], tensors: list[int]) -> dict[str, int]:
    """Names in the order of a subgraph's tensors."""
    return dict(sorted(names.items(), key=lambda item: tensors.index(item[1])
                       if item[1] in tensors else len(tensors)))


def _of_name(names: dict[str, int], name: str, what: str, entry: Signature) -> int:
    if name not in names:
        raise ValueError("Unknown %s '%s' for signature '%s'; there are %s"
                         % (what, name, entry.key, list(names)))
    return names[name]


def _threads(accelerators: HardwareAccelerator, environment: Environment | None,
             options: Options | None) -> int | None:
    """How many to use; None: what fits the board."""
    if options is not None:
        accelerators = options.hardware_accelerators
    if not accelerators & HardwareAccelerator.CPU:
        raise RuntimeError("Pipit computes on the CPU, which is not among the accelerators that were "
                           "asked for: %s; add HardwareAccelerator.CPU" % accelerators)
    asked = options.cpu_options.num_threads if options is not None else 0
    return asked or (environment.cpu_num_threads if environment is not None else 0) or None
