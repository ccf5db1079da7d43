# SPDX-License-Identifier: Apache-2.0
"""Runs a model on samples with Pipit itself, and sees what values its tensors take."""

from __future__ import annotations

import dataclasses
import operator
import typing

import numpy as np

from ..format import tflite_file
from ..format.elements import DTYPES
from ..format.graph import Array, ConvertError, Model, Tensor
from ..progress import progress
from . import recurrent
from .ranges import Range

Sample = typing.Any  # an array, a list in the order of the inputs, or a dict by their names


class Runner:
    """A model that runs, all of whose tensors can be looked at afterwards. Its constants, and those of
    models that share them, are views of what runs."""

    def __init__(self, model: Model, *alike: Model) -> None:
        from pipit.interpreter import Interpreter, OpResolverType
        self._model = model
        try:
            self._interpreter = Interpreter(
                model_content=tflite_file.settle(model, *alike), experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ConvertError(f"the model does not run: {error}") from None
        self._index = {id(tensor): i for i, tensor in enumerate(model.main.tensors())}

    def run(self, inputs: list[Array]) -> None:
        try:
            self._feed(inputs)
            self._interpreter.reset_all_variables()
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise ConvertError(f"a sample does not run: {error}") from None

    def _feed(self, inputs: list[Array]) -> None:
        for tensor, value in zip(self._model.main.inputs, inputs):
            self._interpreter.resize_tensor_input(self._index[id(tensor)], value.shape)
        self._interpreter.allocate_tensors()
        for tensor, value in zip(self._model.main.inputs, inputs):
            self._interpreter.set_tensor(self._index[id(tensor)], value)

    def value(self, tensor: Tensor) -> Array:
        return typing.cast(Array, self._interpreter.get_tensor(self._index[id(tensor)]))


def arrays(model: Model, sample: Sample) -> list[Array]:
    """A sample as one array for each input, in their order, types and shapes checked."""
    inputs = model.main.inputs
    if isinstance(sample, tuple) and len(sample) == 2 and isinstance(sample[0], str):
        sample = sample[1]  # a signature's key, and its inputs
    if isinstance(sample, dict):
        values = [_named(model, sample, tensor) for tensor in inputs]
    elif isinstance(sample, (list, tuple)):
        values = list(sample)
    else:
        values = [sample]
    if len(values) != len(inputs):
        raise ConvertError(f"a sample has {len(values)} arrays, the model has {len(inputs)} inputs")
    return [_fitted(tensor, value) for tensor, value in zip(inputs, values)]


def _named(model: Model, sample: dict[str, typing.Any], tensor: Tensor) -> typing.Any:
    names = [tensor.name] + [name for signature in model.signatures
                             for name, each in signature.inputs.items() if each is tensor]
    for name in names:
        if name in sample:
            return sample[name]
    raise ConvertError(f"a sample has no input {names[-1]}: it has {', '.join(map(str, sample))}")


def _fitted(tensor: Tensor, value: typing.Any) -> Array:
    data = np.asarray(value)
    dtype = np.dtype(DTYPES[tensor.dtype])
    if data.dtype != dtype:
        if data.dtype.kind not in "fiub" or dtype.kind not in "fiub":
            raise ConvertError(f"input {tensor.name}: a sample of type {data.dtype}, not {dtype}")
        data = data.astype(dtype)
    if data.shape == tuple(tensor.shape[1:]):
        data = data[np.newaxis]
    fits = data.ndim == len(tensor.shape) and all(
        have == wanted or wanted < 0 for have, wanted in zip(data.shape, _sizes(tensor)))
    if not fits:
        raise ConvertError(f"input {tensor.name}: a sample of shape {list(data.shape)}, not "
                           f"{list(_sizes(tensor))}")
    return np.ascontiguousarray(data)


def _sizes(tensor: Tensor) -> tuple[int, ...]:
    """A shape where -1 fits every size, as does the batch."""
    sizes = tensor.shape_signature or tensor.shape
    return (-1, *sizes[1:]) if sizes else ()


@dataclasses.dataclass
class Seen:
    """What calibration has found, by the identity of the tensor."""

    runner: Runner  # of the float model
    ranges: dict[int, Range] = dataclasses.field(default_factory=dict)
    means: dict[int, Array] = dataclasses.field(default_factory=dict)  # of each channel
    squares: dict[int, Array] = dataclasses.field(default_factory=dict)  # the means of those
    samples: list[list[Array]] = dataclasses.field(default_factory=list)  # the first few
    count: int = 0


def calibrate(model: Model, data: typing.Iterable[Sample], histogram: bool, keep: int,
              limit: int | None = None, alike: Model | None = None) -> Seen:
    """Runs the float model on the samples; `keep` of them are kept for later comparisons. `alike`: a
    model that shares its constants."""
    runner = Runner(model, *([alike] if alike is not None else []))
    seen = Seen(runner)
    watched = [tensor for tensor in model.main.tensors()
               if tensor.dtype == "FLOAT32" and tensor.data is None]
    total = operator.length_hint(data)
    if limit is not None and total:
        total = min(total, limit)
    for sample in progress(data, "calibrating", total):
        if limit is not None and seen.count >= limit:
            break
        inputs = arrays(model, sample)
        runner.run(inputs)
        _look(runner, watched, seen, histogram)
        _look_into_cells(runner, model, seen)
        if len(seen.samples) < keep:
            seen.samples.append(inputs)
    if not seen.count:
        raise ConvertError("there are no samples to calibrate with")
    for sums in (seen.means, seen.squares):
        sums.update({key: total / seen.count for key, total in sums.items()})
    return seen


def _look_into_cells(runner: Runner, model: Model, seen: Seen) -> None:
    """What LSTM operators remember between the steps of one sample, which no tensor shows."""
    for op in model.main.operators:
        if recurrent.fits(op) and op.inputs[0] is not None:
            cells = recurrent.cell_states(op, runner.value(op.inputs[0]), runner.value(op.outputs[0]))
            state = op.inputs[recurrent.CELL_STATE]
            seen.ranges.setdefault(id(state), Range()).add(cells, False)


def _look(runner: Runner, watched: list[Tensor], seen: Seen, histogram: bool) -> None:
    for tensor in watched:
        value = runner.value(tensor)
        try:
            seen.ranges.setdefault(id(tensor), Range()).add(value, histogram)
        except ConvertError as error:
            raise ConvertError(f"tensor {tensor.name}, sample {seen.count + 1}: {error}") from None
        if value.ndim and value.size:
            rows = value.reshape(-1, value.shape[-1])
            _add(seen.means, tensor, rows.mean(axis=0, dtype=np.float64))
            _add(seen.squares, tensor, np.einsum("ij,ij->j", rows, rows) / len(rows))
    seen.count += 1


def _add(sums: dict[int, Array], tensor: Tensor, value: Array) -> None:
    old = sums.get(id(tensor))
    sums[id(tensor)] = value if old is None or old.shape != value.shape else old + value
