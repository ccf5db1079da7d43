# SPDX-License-Identifier: Apache-2.0
"""Which channels of a network are the same in several tensors, and how to take some out of all.

A space is a set of channels that run through the graph: made by a layer's filters, handed on by what
looks at each channel alone, summed up by the layers behind.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from ..format.graph import Array, Operator, Subgraph, Tensor
from ..quantization.op_rules import FLOAT32, weights_of

_ALONE = frozenset("RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 LOGISTIC TANH HARD_SWISH LEAKY_RELU ELU "
                   "GELU ABS MAX_POOL_2D AVERAGE_POOL_2D RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR".split())
_PAIRS = frozenset("ADD SUB MUL DIV MAXIMUM MINIMUM SQUARED_DIFFERENCE".split())


@dataclasses.dataclass(eq=False)
class Constant:
    """A dimension of an operator's constant that has an entry for each channel, `repeat` times over."""

    op: Operator
    position: int
    axis: int
    repeat: int = 1

    @property
    def data(self) -> Array:
        tensor = self.op.inputs[self.position]
        assert tensor is not None
        return np.asarray(tensor.data)

    def norms(self) -> Array:
        """The magnitude of what belongs to each channel."""
        data, axes = self.data, list(range(self.data.ndim))
        squares: Array = np.einsum(data, axes, data, axes, [self.axis], dtype=np.float64)
        return np.asarray(np.sqrt(squares.reshape(self.repeat, -1).sum(axis=0)))

    def keep(self, kept: Array) -> None:
        """Takes out the channels that are not in the mask."""
        tensor = self.op.inputs[self.position]
        assert tensor is not None
        data = self.data.compress(np.tile(kept, self.repeat), axis=self.axis)
        self.op.inputs[self.position] = dataclasses.replace(tensor, shape=data.shape, data=data)


@dataclasses.dataclass(eq=False)
class Space:
    """Channels, and all that has to do with them."""

    size: int
    fixed: bool = False  # somebody depends on all of them
    makers: list[Constant] = dataclasses.field(default_factory=list)
    params: list[Constant] = dataclasses.field(default_factory=list)
    users: list[Constant] = dataclasses.field(default_factory=list)
    tensors: list[tuple[Tensor, int]] = dataclasses.field(default_factory=list)  # with repeat
    reshapes: list[Operator] = dataclasses.field(default_factory=list)

    @property
    def removable(self) -> bool:
        return not self.fixed and bool(self.makers) and bool(self.users)

    def scores(self, spread: dict[int, Array]) -> Array:
        """How much each channel counts, 1 on average: how far its values spread (of each user's input,
        by the operator's identity) or else how large its filters are, times the weights behind."""
        made = np.asarray(sum(each.norms() for each in self.makers), np.float64)
        score = np.zeros(self.size)
        for user in self.users:
            seen = spread.get(id(user.op))
            fits = seen is not None and seen.size == self.size * user.repeat
            score += user.norms() * (made if seen is None or not fits else
                                     np.sqrt(np.square(seen).reshape(user.repeat, -1).mean(axis=0)))
        return score / max(float(score.mean()), 1e-30)

    def remove(self, kept: Array) -> None:
        """Takes out the channels that are not in the mask."""
        for constant in self.makers + self.params + self.users:
            constant.keep(kept)
        count = int(kept.sum())
        for tensor, repeat in self.tensors:
            tensor.shape = (*tensor.shape[:-1], count * repeat)
            if tensor.shape_signature is not None:
                tensor.shape_signature = (*tensor.shape_signature[:-1], count * repeat)
        for op in self.reshapes:
            _set_last(op)


def _set_last(op: Operator) -> None:
    """The shape that a RESHAPE is told follows that of its output."""
    last = op.outputs[0].shape[-1]
    tensor = op.inputs[1] if len(op.inputs) > 1 else None
    if tensor is not None and tensor.data is not None:
        data = np.array(tensor.data)
        data[-1] = last if data[-1] >= 0 else -1
        op.inputs[1] = dataclasses.replace(tensor, data=data)
    shape = list(op.options.get("new_shape") or [])
    if shape:
        op.options["new_shape"] = [*shape[:-1], last if shape[-1] >= 0 else -1]


def spaces(graph: Subgraph) -> list[Space]:
    """Those of which channels can be removed."""
    found = _Finder(graph).spaces
    return [space for space in {id(each): each for each in found.values()}.values()
            if space.removable]


class _Finder:
    """Goes through the operators in their order and follows the channels."""

    def __init__(self, graph: Subgraph) -> None:
        self.spaces: dict[int, Space] = {}
        self._repeat: dict[int, int] = {}
        self._uses: dict[int, int] = {}
        for op in graph.operators:
            for tensor in op.inputs:
                if tensor is not None and tensor.data is not None:
                    self._uses[id(tensor)] = self._uses.get(id(tensor), 0) + 1
        for tensor in graph.inputs:
            self._new(tensor).fixed = True
        for op in graph.operators:
            self._see(op)
        for tensor in graph.outputs:
            self._fix(tensor)

    def _new(self, tensor: Tensor) -> Space:
        space = Space(tensor.shape[-1] if tensor.shape else 1)
        self._join(tensor, space)
        return space

    def _join(self, tensor: Tensor, space: Space, repeat: int = 1) -> None:
        space.tensors.append((tensor, repeat))
        self.spaces[id(tensor)] = space
        self._repeat[id(tensor)] = repeat

    def _of(self, tensor: Tensor) -> Space:
        if id(tensor) not in self.spaces:
            self._new(tensor).fixed = True
        return self.spaces[id(tensor)]

    def _fix(self, tensor: Tensor | None) -> None:
        if tensor is not None and tensor.data is None:
            self._of(tensor).fixed = True

    def _merge(self, a: Space, b: Space) -> Space:
        if a is b:
            return a
        for name in ("makers", "params", "users", "tensors", "reshapes"):
            getattr(a, name).extend(getattr(b, name))
        a.fixed = a.fixed or b.fixed or a.size != b.size
        for tensor, _ in b.tensors:
            self.spaces[id(tensor)] = a
        return a

    def _see(self, op: Operator) -> None:
        known = self._layer(op) if weights_of(op) is not None else self._other(op)
        if not known:
            for tensor in op.inputs:
                self._fix(tensor)
            for tensor in op.outputs:
                self._new(tensor).fixed = True

    def _layer(self, op: Operator) -> bool:
        """A layer with weights of its own, and a bias that is a constant."""
        x, weights = op.inputs[0], op.inputs[1]
        bias = op.inputs[2] if len(op.inputs) > 2 else None
        own = all(t is None or (t.data is not None and self._uses[id(t)] == 1)
                  for t in (weights, bias))
        if x is None or weights is None or not own or x.data is not None:
            return False
        source, repeat = self._of(x), self._repeat[id(x)]
        if op.kind == "DEPTHWISE_CONV_2D":
            return self._depthwise(op, weights, bias, source, repeat)
        if op.kind not in ("CONV_2D", "FULLY_CONNECTED"):
            return False
        entries = weights.shape[-1]
        if op.kind == "FULLY_CONNECTED" and entries % x.shape[-1] == 0:
            repeat *= entries // x.shape[-1]  # it flattens its input itself
        if source.size * repeat != entries:
            return False
        source.users.append(Constant(op, 1, len(weights.shape) - 1, repeat))
        space = self._new(op.outputs[0])
        space.makers.append(Constant(op, 1, 0))
        if bias is not None:
            space.params.append(Constant(op, 2, 0))
        return True

    def _depthwise(self, op: Operator, weights: Tensor, bias: Tensor | None, space: Space,
                   repeat: int) -> bool:
        if weights.shape[3] != space.size or repeat != 1:
            return False
        space.params.append(Constant(op, 1, 3))
        if bias is not None:
            space.params.append(Constant(op, 2, 0))
        self._join(op.outputs[0], space)
        return True

    def _other(self, op: Operator) -> bool:
        reals = [(i, t) for i, t in enumerate(op.inputs) if t is not None and t.dtype == FLOAT32]
        moving = [(i, t) for i, t in reals if t.data is None]
        if len(op.outputs) != 1 or not moving:
            return False
        x, y = moving[0][1], op.outputs[0]
        if op.kind == "RESHAPE":
            return self._reshape(op, x, y)
        if not x.shape or not y.shape or x.shape[-1] != y.shape[-1]:
            return False
        if op.kind in _ALONE or (op.kind in ("PAD", "MEAN") and _leaves_channels(op, x)):
            self._join(y, self._of(x), self._repeat_of(x))
            return True
        return (op.kind in _PAIRS or op.kind == "PRELU") and self._pair(op, reals, y)

    def _repeat_of(self, tensor: Tensor) -> int:
        self._of(tensor)
        return self._repeat[id(tensor)]

    def _pair(self, op: Operator, reals: list[tuple[int, Tensor]], y: Tensor) -> bool:
        """Two tensors with the same channels, or one and a constant."""
        size = y.shape[-1]
        moving = [t for _, t in reals if t.data is None]
        constants = [(i, t) for i, t in reals if t.data is not None and t.shape and t.shape[-1] > 1]
        if any(not t.shape or t.shape[-1] != size or self._repeat_of(t) != 1 for t in moving):
            return False
        if any(t.shape[-1] != size or self._uses[id(t)] > 1 for _, t in constants):
            return False
        space = self._of(moving[0])
        for tensor in moving[1:]:
            space = self._merge(space, self._of(tensor))
        space.params += [Constant(op, i, len(t.shape) - 1) for i, t in constants]
        self._join(y, space)
        return True

    def _reshape(self, op: Operator, x: Tensor, y: Tensor) -> bool:
        """One that leaves the channels last, or makes rows of all that a sample has."""
        if not x.shape or not y.shape or not y.shape[-1]:
            return False
        space, repeat = self._of(x), self._repeat_of(x)
        if y.shape[-1] != x.shape[-1]:
            if len(y.shape) != 2 or y.shape[0] != x.shape[0]:
                return False
            repeat *= y.shape[-1] // x.shape[-1]
        self._join(y, space, repeat)
        space.reshapes.append(op)
        return True


def _leaves_channels(op: Operator, x: Tensor) -> bool:
    """Whether padding or averaging does nothing along the last dimension."""
    tensor = op.inputs[1] if len(op.inputs) > 1 else None
    if tensor is None or tensor.data is None:
        return False
    data = np.asarray(tensor.data)
    if op.kind == "PAD":
        return not data[-1].any()
    return all(int(axis) % len(x.shape) != len(x.shape) - 1 for axis in data.reshape(-1))



def choose(found: list[Space], share: float, multiple: int, least: float,
           spread: dict[int, Array]) -> list[Array]:
    """Which channels of each space stay when about that share of all goes; what counts least goes
    first. Of each space stays a `least` share, and a multiple of `multiple` channels."""
    if not found:
        return []
    scores = [space.scores(spread) for space in found]
    limit = float(np.quantile(np.concatenate(scores), share))
    return [_mask(each, limit, multiple, least) for each in scores]


def _mask(scores: Array, limit: float, multiple: int, least: float) -> Array:
    count = max(int((scores >= limit).sum()), int(np.ceil(least * scores.size)), 1)
    count = min(scores.size, -(-count // multiple) * multiple)
    mask = np.zeros(scores.size, bool)
    mask[np.argsort(-scores, kind="stable")[:count]] = True
    return mask


def macs(graph: Subgraph) -> int:
    """Multiplications of one inference in the layers with weights."""
    total = 0
    for op in graph.operators:
        if weights_of(op) is not None and op.kind != "TRANSPOSE_CONV":
            tensor = op.inputs[1]
            assert tensor is not None
            taps = int(np.prod(tensor.shape[1:]))
            if op.kind == "DEPTHWISE_CONV_2D":
                taps = int(np.prod(tensor.shape[1:3]))
            total += taps * int(np.prod(op.outputs[0].shape))
    return total
