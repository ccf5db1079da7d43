# SPDX-License-Identifier: Apache-2.0
"""How far a quantized model strays from the float one: each layer's signal-to-noise ratio, and how
often both give the same answer."""

from __future__ import annotations

import dataclasses
import math
import typing

import numpy as np

from ..format.graph import Array, Model, Tensor
from ..progress import progress
from . import weights as w
from .calibrate import Runner, Seen

_PERFECT = 200.0  # dB: no difference at all


def decibels(snr: float | None) -> str:
    """For people."""
    if snr is None:
        return ""
    return "exact" if snr >= _PERFECT else f"{snr:.1f} dB"


@dataclasses.dataclass
class Error:
    """The power of a tensor's values, and of what is added to them."""

    signal: float = 0.0
    noise: float = 0.0
    absolute: float = 0.0
    count: int = 0

    def add(self, wanted: Array, got: Array) -> None:
        difference = np.subtract(wanted, got, dtype=np.float32).reshape(-1)
        flat = wanted.reshape(-1)
        self.signal += float(np.dot(flat, flat))
        self.noise += float(np.dot(difference, difference))
        self.absolute += float(np.abs(difference, out=difference).sum(dtype=np.float64))
        self.count += wanted.size

    @property
    def snr(self) -> float:
        """In dB."""
        if self.noise == 0:
            return _PERFECT
        return 10 * math.log10(self.signal / self.noise) if self.signal else -_PERFECT

    @property
    def share(self) -> float:
        """Noise over signal."""
        return self.noise / self.signal if self.signal else float(self.noise > 0)

    @property
    def mean(self) -> float:
        return self.absolute / self.count if self.count else 0.0


@dataclasses.dataclass
class Answers:
    """Of how many samples, how often the greatest output was the same, and how often right."""

    count: int = 0
    same: int = 0
    labelled: int = 0
    float_right: int = 0
    right: int = 0

    def add(self, wanted: Array, got: Array, label: int | None) -> None:
        ours, theirs = int(got.argmax()), int(wanted.argmax())
        self.count += 1
        self.same += ours == theirs
        if label is not None:
            self.labelled += 1
            self.float_right += theirs == label
            self.right += ours == label

    @property
    def agreement(self) -> float:
        return self.same / self.count if self.count else 1.0


@dataclasses.dataclass
class Comparison:
    """What comparing found, tensors by the identity of the float model's."""

    errors: dict[int, Error]
    outputs: Error
    answers: Answers
    samples: int


def compare(model: Model, seen: Seen, quantized: Model, made: dict[int, Tensor],
            labels: typing.Sequence[int] | None = None) -> Comparison:
    """Runs both models on the samples kept. `made`: what stands for a tensor of the float model."""
    floats, integers, samples = seen.runner, Runner(quantized), seen.samples
    there = {id(each) for each in quantized.main.tensors()}
    pairs = [(tensor, made.get(id(tensor), tensor)) for op in model.main.operators
             for tensor in op.outputs if tensor.dtype == "FLOAT32"]
    pairs = [(a, b) for a, b in pairs if id(b) in there]
    found = Comparison({id(a): Error() for a, _ in pairs}, Error(), Answers(), len(samples))
    for i, sample in enumerate(progress(samples, "comparing", len(samples))):
        floats.run(sample)
        integers.run(_inputs(quantized, sample))
        for a, b in pairs:
            found.errors[id(a)].add(floats.value(a), _reals(integers, b))
        label = labels[i] if labels is not None and i < len(labels) else None
        _outputs(found, model, quantized, floats, integers, label)
    return found


def _outputs(found: Comparison, model: Model, quantized: Model, floats: Runner, integers: Runner,
             label: int | None) -> None:
    ends = list(zip(model.main.outputs, quantized.main.outputs))
    for a, b in ends:
        if a.dtype == "FLOAT32":
            found.outputs.add(floats.value(a), _reals(integers, b))
    if ends and ends[0][0].dtype == "FLOAT32" and floats.value(ends[0][0]).size > 1:
        found.answers.add(floats.value(ends[0][0]), _reals(integers, ends[0][1]), label)


def _inputs(quantized: Model, sample: list[Array]) -> list[Array]:
    """A float sample in the types of the quantized model's inputs."""
    return [w.quantized_values(value, tensor.quantization, tensor.dtype)
            if tensor.quantization is not None and value.dtype == np.float32 else value
            for tensor, value in zip(quantized.main.inputs, sample)]


def _reals(runner: Runner, tensor: Tensor) -> Array:
    value = runner.value(tensor)
    return value if tensor.dtype == "FLOAT32" else w.real_values(value, tensor.quantization)
