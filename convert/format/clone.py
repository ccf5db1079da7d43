# SPDX-License-Identifier: Apache-2.0
"""Copies a model, so that a change leaves the original as it was. Constants are shared, not copied."""

from __future__ import annotations

import copy
import dataclasses
import typing

from .graph import Model, Operator, Signature, Subgraph, Tensor


class Tensors(dict[int, Tensor]):
    """The copy of each tensor, by the identity of the original; made when first asked for."""

    def of(self, tensor: Tensor) -> Tensor:
        return self.setdefault(id(tensor), dataclasses.replace(tensor))

    def all(self, tensors: typing.Iterable[Tensor]) -> list[Tensor]:
        return [self.of(each) for each in tensors]


def clone(model: Model) -> Model:
    """A model with objects of its own."""
    tensors = Tensors()
    return Model([_subgraph(each, tensors) for each in model.subgraphs],
                 [_signature(each, tensors) for each in model.signatures],
                 model.description, dict(model.metadata))


def _subgraph(graph: Subgraph, tensors: Tensors) -> Subgraph:
    return Subgraph(graph.name, tensors.all(graph.inputs), tensors.all(graph.outputs),
                    [_operator(each, tensors) for each in graph.operators])


def _operator(op: Operator, tensors: Tensors) -> Operator:
    return dataclasses.replace(
        op, inputs=[None if each is None else tensors.of(each) for each in op.inputs],
        outputs=tensors.all(op.outputs), intermediates=tensors.all(op.intermediates),
        options=copy.deepcopy(op.options))


def _signature(signature: Signature, tensors: Tensors) -> Signature:
    inputs, outputs = ({name: tensors.of(each) for name, each in names.items()}
                       for names in (signature.inputs, signature.outputs))
    return dataclasses.replace(signature, inputs=inputs, outputs=outputs)
