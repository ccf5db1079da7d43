# SPDX-License-Identifier: Apache-2.0
"""Pruning: weights that count least become zero, or channels that count least go altogether.

    pruned, report = prune(model, PruneSettings("channels", min_agreement=0.99), samples)

Without a bound and without a share, the model stays as it is and the report says what could be saved.
"""

from __future__ import annotations

import dataclasses
import mmap
import typing

import numpy as np

from ..format import tflite_file
from ..format.clone import clone
from ..format.graph import Array, ConvertError, Model, Operator
from ..quantization.calibrate import Sample, Seen, calibrate
from ..quantization.measure import Comparison, compare, decibels
from ..quantization.op_rules import weights_of
from ..quantization.plain_weights import to_floats
from ..quantization.quantize import mean_gain
from . import channels, sparse

METHODS = ("magnitude", "channels")
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_REFINEMENTS = 4  # halvings between the last share that is right and the first that is not
_LOOKED_AT = 1 << 18  # weights from which the limit is found
_AT_ONCE = 1 << 18  # weights of a layer that are looked at together
_LEAST = 0.1  # of each layer stays so much


@dataclasses.dataclass
class PruneSettings:
    """What is wanted: a share of all weights or channels, or as much as the bounds allow."""

    method: str = "magnitude"
    share: float | None = None
    min_snr: float | None = None  # dB at the outputs
    min_agreement: float | None = None  # share of samples with the same answer
    max_accuracy_drop: float | None = None  # with labels
    labels: typing.Sequence[int] | None = None
    samples: int | None = None
    compared: int = 32
    multiple: int = 4  # channels that are left: kernels work on so many at once

    def check(self) -> None:
        if self.method not in METHODS:
            raise ConvertError(f"pruning goes by {' or '.join(METHODS)}, not {self.method}")
        if self.share is not None and not 0 <= self.share < 1:
            raise ConvertError(f"the share is at least 0 and below 1, not {self.share}")

    @property
    def bounded(self) -> bool:
        return any(bound is not None
                   for bound in (self.min_snr, self.min_agreement, self.max_accuracy_drop))


@dataclasses.dataclass
class Level:
    """What pruning that share comes to."""

    share: float
    bytes: int  # of the file, with weights in floats
    macs: int
    snr: float | None = None
    agreement: float | None = None
    accuracy: float | None = None


@dataclasses.dataclass
class PruneReport:
    """The levels that were tried, and the one that was taken."""

    method: str
    before: Level
    levels: list[Level]
    taken: Level | None = None

    def text(self) -> str:
        what = "weights" if self.method == "magnitude" else "channels"
        lines = [f"{'share of ' + what:>18}  {'float bytes':>12}  {'MACs':>14}  {'outputs':>9}  "
                 "same answer"]
        lines += [_line(each) for each in (self.before, *self.levels)]
        if self.taken is not None:
            lines.append(f"pruned: {self.taken.share:.1%} of the {what}, "
                         f"{self.before.bytes} -> {self.taken.bytes} bytes in floats")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, typing.Any]:
        return dataclasses.asdict(self)


def _line(level: Level) -> str:
    agreement = "" if level.agreement is None else f"{level.agreement:.1%}"
    return (f"{level.share:18.1%}  {level.bytes:12}  {level.macs:14}  {decibels(level.snr):>9}  "
            f"{agreement:>11}")


def prune(model: Model, settings: PruneSettings, data: typing.Iterable[Sample] | None = None
          ) -> tuple[Model, PruneReport]:
    """A pruned copy of a model in floats. Its zeros are stored as weights: sparse.encode() makes them
    small, at the end of all conversions."""
    settings.check()
    if settings.bounded and data is None:
        raise ConvertError("a bound needs samples to measure with")
    return _Pruner(model, to_floats(clone(model)), settings, data).run()


class _Pruner:
    """One float model, and what was tried with it."""

    def __init__(self, given: Model, source: Model, settings: PruneSettings,
                 data: typing.Iterable[Sample] | None) -> None:
        self._source, self._settings = source, settings
        self._seen: Seen | None = None if data is None else calibrate(
            source, data, False, settings.compared, settings.samples, given)
        self._tried: dict[float, tuple[Level, Comparison | None]] = {}

    def run(self) -> tuple[Model, PruneReport]:
        settings = self._settings
        before = self._level(self._source, 0.0, None)
        wanted = settings.share
        if wanted is None:
            for share in _SHARES:
                self._try(share)
            wanted = self._greatest() if settings.bounded else None
        taken = self._try(wanted)[0] if wanted else None
        levels = [self._tried[share][0] for share in sorted(self._tried)]
        model = self._pruned(wanted) if wanted else self._source
        return model, PruneReport(settings.method, before, levels, taken)

    def _greatest(self) -> float:
        """The largest share with which the bounds hold."""
        low = 0.0
        for share in _SHARES:
            if not self._holds(share):
                break
            low = share
        high = low + 0.1
        for _ in range(_REFINEMENTS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._holds(middle) else (low, middle)
        return low

    def _try(self, share: float) -> tuple[Level, Comparison | None]:
        if share not in self._tried:
            model, found = self._pruned(share), None
            if self._seen is not None:
                found = compare(self._source, self._seen, model, {}, self._settings.labels)
            self._tried[share] = self._level(model, share, found), found
        return self._tried[share]

    def _pruned(self, share: float) -> Model:
        model = clone(self._source)
        if self._settings.method == "magnitude":
            self._zero_weights(model, share)
        else:
            self._remove_channels(model, share)
        return model

    def _holds(self, share: float) -> bool:
        s, found = self._settings, self._try(share)[1]
        assert found is not None
        answers = found.answers
        dropped = (answers.float_right - answers.right) / max(1, answers.labelled)
        return not ((s.min_snr is not None and found.outputs.snr < s.min_snr)
                    or (s.min_agreement is not None and answers.agreement < s.min_agreement)
                    or (s.max_accuracy_drop is not None and dropped > s.max_accuracy_drop))

    def _level(self, model: Model, share: float, found: Comparison | None) -> Level:
        stored = clone(model)
        if self._settings.method == "magnitude":
            sparse.encode(stored)
        level = Level(share, tflite_file.size(stored), channels.macs(model.main))
        if found is not None:
            answers = found.answers
            level.snr = found.outputs.snr
            level.agreement = answers.agreement if answers.count else None
            level.accuracy = answers.right / answers.labelled if answers.labelled else None
        return level

    # ---- Single weights

    def _zero_weights(self, model: Model, share: float) -> None:
        """The least of all weights become zero, each measured by the spread of its layer's."""
        pairs = [(op, old) for op, old in zip(model.main.operators, self._source.main.operators)
                 if weights_of(op) is not None and op.kind != "DEPTHWISE_CONV_2D"]
        if not pairs:
            return
        step = max(1, sum(_weights(op).size for op, _ in pairs) // _LOOKED_AT)
        some = [np.abs(_weights(op).reshape(-1)[::step]) / _spread_of(_weights(op)) for op, _ in pairs]
        limit = float(np.quantile(np.concatenate(some), share))
        for (op, old), each in zip(pairs, some):
            self._zero_below(op, old, min(limit, float(np.quantile(each, 1 - _LEAST))))

    def _zero_below(self, op: Operator, old: Operator, limit: float) -> None:
        weights = _weights(op)
        data, limit = _copy_apart(weights), limit * _spread_of(weights)
        some = max(1, _AT_ONCE * len(data) // max(1, data.size))
        errors = []
        for first in range(0, len(data), some):
            part = data[first:first + some]
            part[np.abs(part) < limit] = 0
            errors.append(self._gain(op, old, part - weights[first:first + some]))
        self._make_up(op, errors)
        _set_weights(op, data)

    def _gain(self, op: Operator, old: Operator, error: Array) -> Array | None:
        """What an error of the weights adds to each output on average."""
        at = weights_of(op)
        source = old.inputs[at.data] if at is not None else None
        mean = self._seen.means.get(id(source)) if self._seen is not None else None
        return None if mean is None or op.kind == "TRANSPOSE_CONV" else mean_gain(op, error, mean)

    @staticmethod
    def _make_up(op: Operator, gains: list[Array | None]) -> None:
        """Takes from the bias what was gained, in parts of the outputs."""
        at, known = weights_of(op), [each for each in gains if each is not None]
        bias = op.inputs[at.bias] if at is not None and at.bias < len(op.inputs) else None
        if at is not None and bias is not None and known and len(known) == len(gains):
            op.inputs[at.bias] = dataclasses.replace(
                bias, data=(np.asarray(bias.data) - np.concatenate(known)).astype(np.float32))

    # ---- Channels

    def _remove_channels(self, model: Model, share: float) -> None:
        originals = dict(zip(map(id, model.main.operators), self._source.main.operators))
        found = channels.spaces(model.main)
        masks = channels.choose(found, share, self._settings.multiple, _LEAST,
                                self._spread(originals))
        for space, kept in zip(found, masks):
            for user in space.users:
                lost = np.where(np.tile(kept, user.repeat), np.float32(0), user.data)
                gain = self._gain(user.op, originals[id(user.op)], lost)
                self._make_up(user.op, [None if gain is None else -gain])
        for space, kept in zip(found, masks):
            if not kept.all():
                space.remove(kept)

    def _spread(self, originals: dict[int, Operator]) -> dict[int, Array]:
        """How far the channels of each operator's input stray from their means."""
        if self._seen is None:
            return {}
        means, squares = self._seen.means, self._seen.squares
        return {key: np.sqrt(np.maximum(squares[id(op.inputs[0])] - means[id(op.inputs[0])] ** 2, 0))
                for key, op in originals.items() if op.inputs and id(op.inputs[0]) in means}


def _weights(op: Operator) -> Array:
    at = weights_of(op)
    tensor = op.inputs[at.position] if at is not None else None
    assert tensor is not None
    return np.asarray(tensor.data)


def _copy_apart(data: Array) -> Array:
    """In pages of its own, which go back to the system with it: malloc keeps what lies between others."""
    copy: Array = np.frombuffer(mmap.mmap(-1, max(1, data.nbytes)), data.dtype, data.size)
    copy = copy.reshape(data.shape)
    copy[...] = data
    return copy


def _set_weights(op: Operator, data: Array) -> None:
    at = weights_of(op)
    tensor = op.inputs[at.position] if at is not None else None
    assert at is not None and tensor is not None
    op.inputs[at.position] = dataclasses.replace(tensor, data=data)


def _spread_of(data: Array) -> float:
    """By which magnitudes are divided, so that those of different layers can be compared."""
    flat = data.reshape(-1)
    return max(float(np.sqrt(np.dot(flat, flat) / max(1, flat.size))), 1e-30)
