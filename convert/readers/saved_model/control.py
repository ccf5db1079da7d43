# SPDX-License-Identifier: Apache-2.0
"""TensorFlow operators of calls, variables, branches and loops. A loop is written out round by
round, which takes one whose number of rounds is known."""

from __future__ import annotations

from ...building import shapes
from ...building.recurrent import MOST_STEPS
from ...format.graph import ConvertError, Tensor, signature
from .node import NOTHING, Handler, Items, Node, Resource, Restored, Texts, Value
from .recurrent import fused

MOST_ITEMS = 1024


def _call(n: Node) -> None:
    name = n.function("f")
    function = n.walk.function(name)
    layer = fused(n, function, n.inputs) if function is not None else None
    n.put(*(layer if layer is not None else n.walk.call(name, n.inputs, n.depth + 1)))


def _handle(n: Node) -> None:
    n.put(Resource(n.text("shared_name", "") or n.name))


def _read(n: Node) -> None:
    resource = n.value(0)
    if not isinstance(resource, Resource):
        raise ConvertError("reads what is not a variable")
    n.put(n.walk.variable(resource))


def _same(n: Node) -> None:
    """Hands on a value, whichever kind it is of."""
    n.results += n.inputs if n.kind == "IdentityN" else n.inputs[:1]


def _assign(n: Node) -> None:
    n.walk.assigned(n.value(0), n.value(1))


def _restore(n: Node) -> None:
    names = n.value(1)
    if not isinstance(names, Texts):
        raise ConvertError("has names of variables that are not constants")
    n.put(*(Restored(name.decode("utf-8", "replace")) for name in names.values))


def _nothing(n: Node) -> None:
    n.results = []


def _unknown(n: Node) -> None:
    """A value that only nodes without a result depend on: the name of a file, say."""
    n.results = [NOTHING]


def _known_flag(values: list[Value], what: str) -> bool:
    found = values[0] if values else NOTHING
    if not isinstance(found, Tensor) or found.data is None or found.data.size != 1:
        raise ConvertError("%s is known only when the model runs, which is not supported" % what)
    return bool(found.data.reshape(-1)[0])


def _if(n: Node) -> None:
    branch = "then_branch" if _known_flag(n.inputs[:1], "its condition") else "else_branch"
    n.put(*n.walk.call(n.function(branch), n.inputs[1:], n.depth + 1))


def _while(n: Node) -> None:
    values = n.inputs
    for _ in range(MOST_STEPS + 1):
        if not _known_flag(n.walk.call(n.function("cond"), values, n.depth + 1),
                           "the number of its rounds"):
            n.results += values
            return
        n.walk.failures.check()
        values = n.walk.call(n.function("body"), values, n.depth + 1)
    raise ConvertError("has more than %d rounds" % MOST_STEPS)


# ---- lists of tensors ----------------------------------------------------------------------------


def _list_from_tensor(n: Node) -> None:
    x = n.tensor(0)
    n.put(Items(list(shapes.unpack(n.b, x, 0))))


def _list_reserve(n: Node) -> None:
    count = n.list_of_integers(1, "the length of the list")[0]
    if not 0 <= count <= MOST_ITEMS:
        raise ConvertError("makes a list of %d tensors" % count)
    n.put(Items([None] * count))


def _place(n: Node, items: list[Tensor]) -> int:
    index = n.list_of_integers(1, "the place in the list")[0]
    if not 0 <= index < len(items):
        raise ConvertError("wants item %d of a list of %d" % (index, len(items)))
    return index


def _list_get(n: Node) -> None:
    items = n.items(0)
    found = items[_place(n, items)]
    if found is None:
        raise ConvertError("wants an item that was not set")
    n.results.append(found)


def _list_set(n: Node) -> None:
    items = list(n.items(0))
    items[_place(n, items)] = n.tensor(2)
    n.put(Items(items))


def _list_push(n: Node) -> None:
    if len(n.items(0)) >= MOST_ITEMS:
        raise ConvertError("makes a list of more than %d tensors" % MOST_ITEMS)
    n.put(Items(n.items(0) + [n.tensor(1)]))


def _list_pop(n: Node) -> None:
    items = n.items(0)
    if not items or items[-1] is None:
        raise ConvertError("takes from a list that is empty")
    n.results += [Items(items[:-1]), items[-1]]


def _list_stack(n: Node) -> None:
    items = n.items(0)
    if not items or any(i is None for i in items):
        raise ConvertError("joins a list that is not full")
    n.put(shapes.pack(n.b, items, 0))


def _list_length(n: Node) -> None:
    n.put(n.b.integers(len(n.items(0))))


def _list_empty(n: Node) -> None:
    n.put(Items([]))


def _list_concat(n: Node) -> None:
    items = n.items(0)
    if not items or any(i is None for i in items):
        raise ConvertError("joins a list that is not full")
    n.put(shapes.concat(n.b, items, 0), n.b.integers([signature(i)[0] for i in items]))


HANDLERS: dict[str, Handler] = {
    "Assert": _nothing, "Assign": _assign, "AssignVariableOp": _assign, "CheckNumerics": _same,
    "EmptyTensorList": _list_empty, "EnsureShape": _same, "Identity": _same, "IdentityN": _same,
    "If": _if, "NoOp": _nothing, "PartitionedCall": _call, "PlaceholderWithDefault": _same,
    "Placeholder": _unknown, "PreventGradient": _same, "Print": _same, "ReadVariableOp": _read,
    "RestoreV2": _restore, "Snapshot": _same, "StatefulPartitionedCall": _call, "StatelessIf": _if,
    "StatelessWhile": _while, "StopGradient": _same, "TensorListConcatV2": _list_concat,
    "TensorListFromTensor": _list_from_tensor, "TensorListGetItem": _list_get,
    "TensorListLength": _list_length, "TensorListPopBack": _list_pop,
    "TensorListPushBack": _list_push, "TensorListReserve": _list_reserve,
    "TensorListSetItem": _list_set, "TensorListStack": _list_stack, "VarHandleOp": _handle,
    "Variable": _handle, "VariableV2": _handle, "While": _while,
}
