# SPDX-License-Identifier: Apache-2.0
"""A `.tflite` model as Python objects: what readers of other formats build, what rewriting and
quantization change, and what the file is written from."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

Array = np.ndarray[typing.Any, typing.Any]
Shape = typing.Tuple[int, ...]


@dataclasses.dataclass(eq=False)
class Quantization:
    """real = scale[c] * (q - zero_point[c]); one entry, or one for each index c of dimension `axis`."""

    scale: Array  # float32
    zero_point: Array  # int64
    axis: int = 0


@dataclasses.dataclass(eq=False)
class Tensor:
    """A tensor of one subgraph. Two tensors are the same when they are the same object."""

    name: str
    shape: tuple[int, ...]  # 1 where `shape_signature` has -1
    dtype: str = "FLOAT32"  # a name of the schema's TensorType
    data: Array | None = None  # a constant's values; None for all others. INT4: one int8 each
    quantization: Quantization | None = None
    shape_signature: tuple[int, ...] | None = None  # -1 where a size is not known
    variable: bool = False
    sparsity: typing.Any = None  # the schema's SparsityParameters as read, handed on


def signature(tensor: Tensor) -> Shape:
    """The shape, with -1 where a size is known only when the model runs."""
    return tensor.shape if tensor.shape_signature is None else tensor.shape_signature


def set_signature(tensor: Tensor, sizes: typing.Sequence[int]) -> None:
    tensor.shape = tuple(1 if n < 0 else int(n) for n in sizes)
    tensor.shape_signature = tuple(-1 if n < 0 else int(n) for n in sizes) \
        if any(n < 0 for n in sizes) else None


@dataclasses.dataclass(eq=False)
class Operator:
    """A node. `options` are the fields of the schema's table of options, enums by their names."""

    kind: str  # a name of the schema's BuiltinOperator: "CONV_2D"
    inputs: list[Tensor | None]  # None: an optional input that is left out
    outputs: list[Tensor]
    options: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    custom_code: str = ""  # for kind "CUSTOM"
    custom_options: bytes = b""
    intermediates: list[Tensor] = dataclasses.field(default_factory=list)
    version: int = 1
    layer: str = ""  # what the source calls it, for messages


@dataclasses.dataclass(eq=False)
class Subgraph:
    """Operators in the order in which they run. Its tensors are those that anything here names."""

    name: str = "main"
    inputs: list[Tensor] = dataclasses.field(default_factory=list)
    outputs: list[Tensor] = dataclasses.field(default_factory=list)
    operators: list[Operator] = dataclasses.field(default_factory=list)

    def tensors(self) -> list[Tensor]:
        """Each tensor once: inputs, outputs, then as the operators name them."""
        found: dict[int, Tensor] = {}
        for tensor in self.inputs + self.outputs:
            found.setdefault(id(tensor), tensor)
        for op in self.operators:
            for each in op.inputs + op.outputs + op.intermediates:
                if each is not None:
                    found.setdefault(id(each), each)
        return list(found.values())


@dataclasses.dataclass(eq=False)
class Signature:
    """What a program calls: names for a subgraph's inputs and outputs."""

    key: str
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    subgraph: int = 0


@dataclasses.dataclass(eq=False)
class Model:
    """A whole file; the first subgraph is where it begins."""

    subgraphs: list[Subgraph]
    signatures: list[Signature] = dataclasses.field(default_factory=list)
    description: str = ""
    metadata: dict[str, bytes] = dataclasses.field(default_factory=dict)

    @property
    def main(self) -> Subgraph:
        return self.subgraphs[0]


class ConvertError(ValueError):
    """One line on what cannot be converted, and where in the source it stands."""
