# SPDX-License-Identifier: Apache-2.0
"""Changes to a subgraph that keep track of who makes and who reads each tensor."""

from __future__ import annotations

import typing

from ..format.graph import Array, Operator, Subgraph, Tensor


class Editor:
    """Tensors that the subgraph returns keep their identity: signatures refer to them."""

    def __init__(self, subgraph: Subgraph) -> None:
        self.subgraph = subgraph
        self.changed = False
        self._returned = {id(tensor) for tensor in subgraph.outputs}
        self._given = {id(tensor) for tensor in subgraph.inputs}
        self._producer: dict[int, Operator] = {}
        self._consumers: dict[int, list[Operator]] = {}
        self._removed: set[int] = set()
        self._after: dict[int, list[Operator]] = {}
        for op in subgraph.operators:
            self._enter(op)

    def operators(self) -> typing.Iterator[Operator]:
        """Those that were there at first, less those removed meanwhile."""
        for op in self.subgraph.operators:
            if id(op) not in self._removed:
                yield op

    # ---- questions

    def producer(self, tensor: Tensor | None, *kinds: str) -> Operator | None:
        """The operator that makes the tensor, if it is of one of these kinds, or of any."""
        op = self._producer.get(id(tensor))
        return op if op is not None and (not kinds or op.kind in kinds) else None

    def consumers(self, tensor: Tensor) -> list[Operator]:
        return self._consumers.get(id(tensor), [])

    def returned(self, tensor: Tensor) -> bool:
        return id(tensor) in self._returned

    def only_for(self, tensor: Tensor | None, op: Operator) -> bool:
        """Whether nobody else needs the tensor."""
        return (tensor is not None and not self.returned(tensor)
                and all(each is op for each in self.consumers(tensor)))

    def sole_consumer(self, tensor: Tensor) -> Operator | None:
        readers = self.consumers(tensor)
        return readers[0] if len(readers) == 1 and not self.returned(tensor) else None

    # ---- changes

    def set_input(self, op: Operator, place: int, tensor: Tensor | None) -> None:
        """Also appends: `place` may be the number of inputs."""
        op.inputs[place:place] = [None] * (place == len(op.inputs))
        old, op.inputs[place] = op.inputs[place], tensor
        if old is not None and not any(each is old for each in op.inputs):
            self._consumers[id(old)].remove(op)
        if tensor is not None and op not in self._consumers.setdefault(id(tensor), []):
            self._consumers[id(tensor)].append(op)
        self.changed = True

    def set_inputs(self, op: Operator, tensors: typing.Sequence[Tensor | None]) -> None:
        self._leave(op)
        op.inputs = list(tensors)
        self._enter(op)
        self.changed = True

    def redirect(self, old: Tensor, new: Tensor) -> None:
        """All who read `old` read `new`; it must not be returned."""
        for op in list(self.consumers(old)):
            for place, tensor in enumerate(op.inputs):
                if tensor is old:
                    self.set_input(op, place, new)

    def absorb(self, op: Operator, following: Operator) -> None:
        """`op` makes what `following` made of its output alone."""
        old, new = op.outputs[0], following.outputs[0]
        self.remove(following)
        if not self.returned(new):
            new.name = "%s;%s" % (old.name, new.name)
        op.outputs[0] = new
        self._producer[id(new)] = op

    def bypass(self, op: Operator) -> bool:
        """Removes an operator whose first output equals its first input; False where it must stay."""
        before, after = op.inputs[0], op.outputs[0]
        assert before is not None
        maker = self.producer(before)
        if not self.returned(after):
            self.remove(op)
            self.redirect(after, before)
            return True
        if maker is None or self.returned(before):
            return False
        self.remove(op)
        self.redirect(before, after)
        maker.outputs = [after if each is before else each for each in maker.outputs]
        self._producer[id(after)] = maker
        return True

    def made(self, op: Operator, tensor: Tensor) -> None:
        """Says that the operator has come to make this tensor."""
        self._producer[id(tensor)] = op
        self.changed = True

    def remove(self, op: Operator) -> None:
        self._leave(op)
        self._removed.add(id(op))
        self.changed = True

    def insert_after(self, place: Operator, op: Operator) -> None:
        self._after.setdefault(id(place), []).insert(0, op)
        self._enter(op)
        self.changed = True

    def commit(self) -> bool:
        """Writes the list of operators anew, without those that compute what nobody reads."""
        kept: list[Operator] = []
        for op in self.subgraph.operators:
            self._keep(op, kept)
        needed: list[Operator] = []
        for op in reversed(kept):
            if op.outputs and not any(self.returned(t) or self.consumers(t) for t in op.outputs):
                self.remove(op)
            else:
                needed.append(op)
        self.subgraph.operators = needed[::-1]
        return self.changed

    def _keep(self, op: Operator, kept: list[Operator]) -> None:
        pending = [op]
        while pending:
            each = pending.pop()
            if id(each) not in self._removed:
                kept.append(each)
            pending.extend(reversed(self._after.get(id(each), [])))

    def _enter(self, op: Operator) -> None:
        for tensor in op.outputs:
            self._producer[id(tensor)] = op
        for each in {id(t): t for t in op.inputs if t is not None}:
            self._consumers.setdefault(each, []).append(op)

    def _leave(self, op: Operator) -> None:
        for tensor in op.outputs:
            if self._producer.get(id(tensor)) is op:
                del self._producer[id(tensor)]
        for each in {id(t) for t in op.inputs if t is not None}:
            self._consumers[each].remove(op)


def constant(tensor: Tensor | None) -> Array | None:
    """The values of a constant of plain numbers."""
    if tensor is None or tensor.data is None or tensor.quantization is not None or tensor.sparsity:
        return None
    return tensor.data


def scalar(tensor: Tensor | None) -> float | None:
    """The number of which a constant consists."""
    values = constant(tensor)
    if values is None or values.size == 0 or (values != values.flat[0]).any():
        return None
    return float(values.flat[0])


def like(tensor: Tensor, data: Array) -> Tensor:
    """A constant in the place of another."""
    return Tensor(tensor.name, data.shape, tensor.dtype, data)


def operand(op: Operator) -> tuple[Tensor, Tensor, int] | None:
    """Of a binary operator with one constant: the other operand, the constant, and its place."""
    if len(op.inputs) != 2:
        return None
    a, b = op.inputs
    if a is None or b is None or (constant(a) is None) == (constant(b) is None):
        return None
    return (b, a, 0) if constant(a) is not None else (a, b, 1)
