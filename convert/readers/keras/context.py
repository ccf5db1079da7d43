# SPDX-License-Identifier: Apache-2.0
"""What a layer's function sees: its settings, its weights, and the graph under construction."""

from __future__ import annotations

import dataclasses
import math
import typing

import numpy as np

from ...building import shapes
from ...building.builder import Builder
from ...building.windows import Pair
from ...format.graph import Array, ConvertError, Tensor, signature
from .config import Json, Layer
from .weights import Named, as_float, pick

_MISSING = object()
MAX_SETTING = 1 << 30
TFJS = 0  # in the place of Keras' version: a model that TensorFlow.js made


class Unsupported(ConvertError):
    """The format, or this converter, has nothing that does what is asked."""


def array_of(value: Json) -> Json:
    """The numbers in what Keras 3 writes for an array."""
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        return value["config"].get("value")
    return value


@dataclasses.dataclass(frozen=True)
class Mask:
    """Which steps count: [batch, step] of BOOL; None when masks met that may differ."""

    steps: Tensor | None


@dataclasses.dataclass
class Context:
    builder: Builder
    layer: Layer
    arrays: Named
    keras: int  # 2, 3 or TFJS: they compute some layers differently
    named: dict[str, list[Tensor]] = dataclasses.field(default_factory=dict)
    arguments: dict[str, Json] = dataclasses.field(default_factory=dict)
    mask: Mask | None = None  # which steps the input leaves out
    cache: dict[typing.Any, Tensor] = dataclasses.field(default_factory=dict)  # of all calls
    made_mask: Mask | None = None  # what the layer says of its output
    # Runs a layer that another one wraps.
    apply: typing.Callable[[Layer, Named, typing.List[Tensor]], typing.List[Tensor]] | None = None

    # ---- settings

    def get(self, key: str, otherwise: Json = _MISSING) -> Json:
        value = self.layer.config.get(key, otherwise)
        if value is _MISSING:
            raise ConvertError("has no setting %s" % key)
        return value

    def wrong(self, key: str, value: Json, wanted: str) -> ConvertError:
        return ConvertError("its setting %s is %.60r, not %s" % (key, value, wanted))

    def integer(self, key: str, otherwise: Json = _MISSING, low: int = 1) -> int:
        value = self.get(key, otherwise)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < MAX_SETTING:
            raise self.wrong(key, value, "a number from %d on" % low)
        return value

    def number(self, key: str, otherwise: Json = _MISSING) -> float:
        value = self.get(key, otherwise)
        value = array_of(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) \
                or not math.isfinite(value):
            raise self.wrong(key, value, "a number")
        return float(value)

    def flag(self, key: str, otherwise: bool) -> bool:
        return bool(self.get(key, otherwise))

    def text(self, key: str, otherwise: str) -> str:
        value = self.get(key, otherwise)
        if not isinstance(value, str):
            raise self.wrong(key, value, "a word")
        return value

    def sizes(self, key: str, count: int, otherwise: Json = _MISSING, low: int = 1) -> list[int]:
        """`count` numbers; one alone counts for all."""
        value = self.get(key, otherwise)
        values = value if isinstance(value, (list, tuple)) else [value] * count
        if len(values) != count or any(isinstance(n, bool) or not isinstance(n, int)
                                       or not low <= n < MAX_SETTING for n in values):
            raise self.wrong(key, value, "%d numbers" % count)
        return list(values)

    def pair(self, key: str, otherwise: Json = _MISSING) -> Pair:
        first, second = self.sizes(key, 2, otherwise)
        return first, second

    def padding(self) -> str:
        value = self.text("padding", "valid").lower()
        if value not in ("same", "valid"):
            raise Unsupported("padding %s is not supported" % value)
        return value.upper()

    def channels_last(self) -> None:
        if self.get("data_format", "channels_last") not in ("channels_last", None, "channelsLast"):
            raise Unsupported("data_format %s is not supported: build the model with channels_last"
                              % self.get("data_format"))

    # ---- weights

    def weights(self, *names: str) -> dict[str, Array]:
        return {name: as_float(array) for name, array in pick(self.arrays, names).items()}

    def shaped(self, array: Array, shape: typing.Sequence[int], name: str) -> Array:
        if array.shape != tuple(shape):
            raise ConvertError("its %s has the shape %s, not %s"
                               % (name, list(array.shape), list(shape)))
        return array

    def constant(self, name: str, make: typing.Callable[[], Array]) -> Tensor:
        """Made once for all calls of the layer."""
        key = (id(self.layer), name)
        if key not in self.cache:
            values = np.ascontiguousarray(make(), np.float32)
            self.cache[key] = self.builder.constant(
                values, name="%s/%s" % (self.builder.name, name))
        return self.cache[key]

    # ---- inputs

    def rank(self, x: Tensor, *ranks: int) -> None:
        if len(x.shape) not in ranks:
            raise ConvertError("its input has the shape %s, not %s dimensions"
                               % (list(signature(x)), " or ".join(map(str, ranks))))

    def fixed(self, x: Tensor, axis: int, what: str) -> int:
        size = signature(x)[axis]
        if size < 0:
            raise Unsupported("%s is not fixed: say it in the model's input shape" % what)
        return size

    def unmasked(self) -> None:
        if self.mask is not None or any("mask" in key for key in self.named):
            raise Unsupported("it leaves out steps by a mask, which is not supported")

    def kept_steps(self) -> Tensor | None:
        """[batch, step, 1] of BOOL: those that are not left out; None when there is no mask."""
        if self.mask is None:
            return None
        if self.mask.steps is None:
            raise Unsupported("its input joins different masks, which is not supported")
        return shapes.expand(self.builder, self.mask.steps, [2])


Convert = typing.Callable[[Context, typing.List[Tensor]], typing.Union[Tensor, typing.List[Tensor]]]
