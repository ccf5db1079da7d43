# SPDX-License-Identifier: Apache-2.0
"""Quantization after training: a float model and samples of its inputs become a smaller model.

    settings = Settings(scheme="int8", input_type="INT8", output_type="INT8")
    quantized, report = quantize(tflite_file.read(content), settings, samples)
"""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ..format.clone import clone
from ..format.graph import Array, ConvertError, Model, Operator
from . import plain_weights, recurrent, weights as w
from .calibrate import Sample, calibrate
from .equalize import equalize
from .fixed_point import Fixed, Style, build, decide
from .measure import Comparison, compare
from .op_rules import FLOAT32, HYBRID_WEIGHTS, INT16, INT8, can_run, weights_of
from .ranges import METHODS, MIN_MAX, MSE
from .report import Report, make_report

SCHEMES = ("int8", "int16x8", "dynamic", "float16", "int4-weights")
MIXED = ("int16", "float")
_NAMED = 4  # layers of each kind, in an error
_RETURNS = 16  # so many layers are tried in int8 once more
_ENDS = {"int8": (FLOAT32, "INT8", "UINT8"), "int16x8": (FLOAT32, INT16),
         "int4-weights": (FLOAT32, "INT8", "UINT8")}


@dataclasses.dataclass
class Settings:
    """What is wanted. Types are names of the schema's TensorType."""

    scheme: str = "int8"
    ranges: str = MIN_MAX
    percentile: float = 99.99
    input_type: str = FLOAT32
    output_type: str = FLOAT32
    bias_correction: bool = True
    equalize: bool = False
    dense_per_channel: bool = False  # TensorFlow Lite knows that since 2.14
    only_integers: bool = False  # an operator that has no integer form is an error
    mixed: str = ""  # "int16" or "float": what the worst layers become until the bounds hold
    min_snr: float | None = None  # dB at the outputs
    min_agreement: float | None = None  # share of samples with the float model's answer
    max_accuracy_drop: float | None = None  # with labels
    labels: typing.Sequence[int] | None = None  # of the samples, in their order
    samples: int | None = None  # at most so many are used
    compared: int = 32  # so many are kept to measure errors with

    def check(self) -> None:
        for name, value, known in (
                ("scheme", self.scheme, SCHEMES), ("ranges", self.ranges, METHODS),
                ("mixed", self.mixed, ("", *MIXED))):
            if value not in known:
                raise ConvertError(
                    f"{name} is one of {', '.join(filter(None, known))}, not {value}")
        ends = _ENDS.get(self.scheme, (FLOAT32,))
        for side, wanted in (("input", self.input_type), ("output", self.output_type)):
            if wanted not in ends:
                raise ConvertError(f"with {self.scheme}, the {side} type is one of "
                                   f"{', '.join(ends)}, not {wanted}")
        if not 50 < self.percentile <= 100:
            raise ConvertError(f"the percentile is above 50 and at most 100, not {self.percentile}")

    @property
    def bounded(self) -> bool:
        return any(bound is not None
                   for bound in (self.min_snr, self.min_agreement, self.max_accuracy_drop))


def quantize(model: Model, settings: Settings, data: typing.Iterable[Sample] | None = None
             ) -> tuple[Model, Report]:
    """A quantized copy of a model, and what became of each layer. `data`: samples for calibration,
    or for "dynamic" and "float16" only to measure the error with, when there are some."""
    settings.check()
    source = plain_weights.to_floats(clone(model))
    if settings.scheme in ("dynamic", "float16") or (
            settings.scheme == "int4-weights" and data is None):
        return _weights_alone(model, source, settings, data)
    if data is None:
        raise ConvertError(f"{settings.scheme} needs samples to calibrate with")
    if settings.equalize:
        equalize(source)
    return _Quantizer(model, source, settings, data).run()


def _weights_alone(given: Model, source: Model, settings: Settings,
                   data: typing.Iterable[Sample] | None) -> tuple[Model, Report]:
    seen = None if data is None else calibrate(source, data, False, settings.compared,
                                               settings.samples, given)
    result = clone(source)
    if settings.scheme == "float16":
        plain_weights.halves(result)
    else:
        dtype = "INT4" if settings.scheme == "int4-weights" else INT8
        plain_weights.integer_weights(result, dtype, dtype == "INT4")
    made = {id(a): b for old, new in zip(source.main.operators, _computing(result, source))
            for a, b in zip(old.outputs, new.outputs)}
    found = None if seen is None else compare(source, seen, result, made, settings.labels)
    return result, make_report(source, result, made, found, settings.scheme, [])


def _computing(result: Model, source: Model) -> list[Operator]:
    """The copies of the original operators, without those that widen weights."""
    operators = [op for op in result.main.operators if not (
        op.kind == "DEQUANTIZE" and op.inputs[0] is not None and op.inputs[0].data is not None)]
    assert len(operators) == len(source.main.operators)
    return operators


class _Quantizer:
    """One float model, calibrated; tried with more and more layers kept out of int8."""

    def __init__(self, given: Model, source: Model, settings: Settings,
                 data: typing.Iterable[Sample]) -> None:
        self._source, self._settings = source, settings
        self._dtype = INT16 if settings.scheme == "int16x8" else INT8
        int4 = settings.scheme == "int4-weights"
        self._style = Style(settings.ranges, settings.percentile, settings.ranges == MSE or int4,
                            "INT4" if int4 else INT8, settings.dense_per_channel)
        self._seen = calibrate(source, data, settings.ranges != MIN_MAX, settings.compared,
                               settings.samples, given)

    def run(self) -> tuple[Model, Report]:
        kept: dict[int, str] = {}
        fixed, found = self._try(kept)
        if self._settings.mixed and self._settings.bounded:
            kept, fixed, found = self._mixed(fixed, found)
        report = make_report(self._source, fixed.model, fixed.tensors, found,
                             self._settings.scheme, self._notes(kept))
        report.bound_held = self._holds(found) if self._settings.bounded else None
        return fixed.model, report

    def _try(self, kept: dict[int, str]) -> tuple[Fixed, Comparison]:
        types = decide(self._source.main, self._dtype, kept)
        if self._settings.only_integers:
            self._refuse_floats(types)
        biases = self._corrected(types) if self._settings.bias_correction else {}
        fixed = build(self._source, types, self._seen.ranges, self._style,
                      self._settings.input_type, self._settings.output_type, biases)
        plain_weights.integer_weights(fixed.model, INT8, only=HYBRID_WEIGHTS)
        found = compare(self._source, self._seen, fixed.model, fixed.tensors, self._settings.labels)
        return fixed, found

    def _refuse_floats(self, types: dict[int, str]) -> None:
        left: dict[str, list[str]] = {}
        for op in self._source.main.operators:
            if types[id(op)] == FLOAT32 and any(t.dtype == FLOAT32 for t in op.outputs):
                left.setdefault(op.kind, []).append(op.layer or op.outputs[0].name)
        if left:
            named = [f"{kind} ({', '.join(layers[:_NAMED] + ['...'] * (len(layers) > _NAMED))})"
                     for kind, layers in sorted(left.items())]
            raise ConvertError(f"operators that have no {self._settings.scheme} form here: "
                               f"{', '.join(named)}")

    def _corrected(self, types: dict[int, str]) -> dict[tuple[int, int], Array]:
        """Biases that make up for what rounding the weights adds on average."""
        found: dict[tuple[int, int], Array] = {}
        means = self._seen.means
        for op in self._source.main.operators:
            at, x, y = weights_of(op), op.inputs[0] if op.inputs else None, op.outputs[:1]
            if types[id(op)] == FLOAT32:
                continue
            if recurrent.fits(op) and id(x) in means and id(y[0]) in means:
                biases = recurrent.corrected_biases(op, means[id(x)], means[id(y[0])])
                found.update({(id(op), i): each for i, each in biases.items()})
            elif at is not None and id(op.inputs[at.data]) in means:
                bias = op.inputs[at.bias] if at.bias < len(op.inputs) else None
                shift = self._shift(op, means[id(op.inputs[at.data])])
                if bias is not None and bias.data is not None and shift is not None:
                    found[id(op), at.bias] = np.asarray(bias.data - shift, np.float32)
        return found

    def _shift(self, op: Operator, mean: Array) -> Array | None:
        """The mean of what each output gains when the weights are rounded."""
        at = weights_of(op)
        tensor = op.inputs[at.position] if at is not None else None
        if at is None or tensor is None or op.kind == "TRANSPOSE_CONV":
            return None
        data = np.asarray(tensor.data)
        axis = at.axis if op.kind != "FULLY_CONNECTED" or self._style.dense_per_channel else None
        scale = w.weight_scale(data, axis, self._style.weight_type, self._style.search_weights)
        ints, quantization = w.quantized_weights(data, scale, axis, self._style.weight_type)
        error = w.real_values(ints, quantization)
        error -= data
        return mean_gain(op, error, mean)

    # ---- Worst layers in another type

    def _mixed(self, fixed: Fixed, found: Comparison
               ) -> tuple[dict[int, str], Fixed, Comparison]:
        """As few of the worst layers as the bounds ask for: doubled until they hold, then halved in."""
        worst = self._worst(found)
        other = INT16 if self._settings.mixed == "int16" else FLOAT32
        tried = {0: (typing.cast("dict[int, str]", {}), fixed, found)}

        def attempt(count: int) -> bool:
            if count not in tried:
                kept = {id(op): other for op in worst[:count]}
                tried[count] = (kept, *self._try(kept))
            return self._holds(tried[count][2])

        count = 0
        while not attempt(count) and count < len(worst):
            count = min(len(worst), max(1, 2 * count))
        low, high = count // 2, count
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if attempt(middle) else (middle, high)
        chosen = worst[:high if high in tried else count]
        return self._fewer(chosen, tried[len(chosen)], other)

    def _fewer(self, chosen: list[Operator], best: tuple[dict[int, str], Fixed, Comparison],
               other: str) -> tuple[dict[int, str], Fixed, Comparison]:
        """Layers that turn out not to matter return, those first that add the least noise."""
        if not self._holds(best[2]):
            return best
        for op in list(reversed(chosen))[:_RETURNS]:
            kept = {key: other for key in best[0] if key != id(op)}
            attempt = (kept, *self._try(kept))
            if self._holds(attempt[2]):
                best = attempt
        return best

    def _worst(self, found: Comparison) -> list[Operator]:
        """Operators by the noise that they add, the most first."""
        def added(op: Operator) -> float:
            before = [found.errors[id(t)].share for t in op.inputs
                      if t is not None and id(t) in found.errors]
            after = [found.errors[id(t)].share for t in op.outputs if id(t) in found.errors]
            return max(after, default=0.0) - max(before, default=0.0)
        types = decide(self._source.main, self._dtype, {})
        changed = [op for op in self._source.main.operators if types[id(op)] != FLOAT32]
        return sorted(changed, key=added, reverse=True)

    def _holds(self, found: Comparison) -> bool:
        s, answers = self._settings, found.answers
        dropped = (answers.float_right - answers.right) / max(1, answers.labelled)
        return not ((s.min_snr is not None and found.outputs.snr < s.min_snr)
                    or (s.min_agreement is not None and answers.agreement < s.min_agreement)
                    or (s.max_accuracy_drop is not None and dropped > s.max_accuracy_drop))

    def _notes(self, kept: dict[int, str]) -> list[str]:
        notes = []
        hybrid = sorted({op.kind for op in self._source.main.operators
                         if op.kind in HYBRID_WEIGHTS and not can_run(op, self._dtype)})
        if hybrid:
            notes.append(f"{', '.join(hybrid)}: weights in int8, computed in floats")
        left = sorted({op.kind for op in self._source.main.operators
                       if not can_run(op, self._dtype) and op.kind not in hybrid
                       and any(t.dtype == FLOAT32 for t in op.outputs)})
        if kept:
            notes.append(f"{len(kept)} of {len(self._source.main.operators)} layers in "
                         f"{self._settings.mixed}, because of the stated bound")
        if len(self._source.subgraphs) > 1:
            notes.append("only the first subgraph is quantized")
        if left:
            notes.append(f"{', '.join(left)}: left in floats, there is no integer form")
        return notes


def mean_gain(op: Operator, error: Array, mean: Array) -> Array | None:
    """What an error of the weights adds to each output, for inputs of those means."""
    if op.kind == "DEPTHWISE_CONV_2D":
        taps = error[0].sum(axis=(0, 1), dtype=np.float64)
        return np.asarray(taps * np.repeat(mean, max(1, taps.size // mean.size)))
    if op.kind == "CONV_2D":
        taps = error.sum(axis=(1, 2), dtype=np.float64)
        return np.asarray(taps @ mean) if taps.shape[1] == mean.size else None
    fits = error.shape[-1] == mean.size
    return np.asarray(error @ mean.astype(np.float32)) if fits else None
