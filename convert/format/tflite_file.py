# SPDX-License-Identifier: Apache-2.0
"""Reads the bytes of a `.tflite` file into a graph.Model, and writes one."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import tempfile
import typing

import numpy as np

from . import flat
from .elements import as_they_are, pack, unpack
from .flat import Fields
from .graph import Array, ConvertError, Model, Operator, Quantization, Signature, Subgraph, Tensor
from .schema import ENUMS, UNIONS
from .versions import version

IDENTIFIER = b"TFL3"
_FILE_VERSION = 3
_NO_BUFFER = 0

# Operators whose table of options is not named as they are.
_SHARED_OPTIONS = {
    "AVERAGE_POOL_2D": "Pool2DOptions", "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions", "L2_NORMALIZATION": "L2NormOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions", "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions", "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "RANDOM_UNIFORM": "RandomOptions", "RANDOM_STANDARD_NORMAL": "RandomOptions",
    "MULTINOMIAL": "RandomOptions",
} | {kind: "ReducerOptions" for kind in (
    "MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY", "REDUCE_ALL")}

_OPTIONS = {table[:-len("Options")].upper(): (union, table)
            for union in ("BuiltinOptions", "BuiltinOptions2") for table in UNIONS[union]}
_UNION_FIELDS = {"BuiltinOptions": "builtin_options", "BuiltinOptions2": "builtin_options_2"}


def options_table(kind: str) -> tuple[str, str] | None:
    """The union and the table of an operator's options; None for one without."""
    key = _SHARED_OPTIONS.get(kind, kind + "Options")[:-len("Options")]
    return _OPTIONS.get(key.replace("_", "").upper())


# ---- Reading -----------------------------------------------------------------------------------


def read(content: bytes) -> Model:
    """The model that a file holds. Constants are views of `content`."""
    _vet(content)
    root = flat.decode(content, "Model")
    return _Reader(content, root).model()


def _vet(content: bytes) -> None:
    """Refuses what the runtime refuses: it has checked every position, count and index."""
    from pipit import _model  # not before: writing a file needs no runtime
    try:
        _model.Model(content=content)
    except ValueError as error:
        raise ConvertError(f"the .tflite file is refused: {error}") from None


class _Reader:
    """Turns decoded tables into objects."""

    def __init__(self, content: bytes, root: Fields) -> None:
        self._content = content
        self._root = root
        self._tensors: list[list[Tensor]] = []

    def model(self) -> Model:
        subgraphs = [self._subgraph(table) for table in self._root["subgraphs"] or []]
        metadata = {each["name"] or "": self._buffer(each["buffer"]).tobytes()
                    for each in self._root["metadata"] or []}
        return Model(subgraphs, [self._signature(each) for each in self._root["signature_defs"] or []],
                     self._root["description"] or "", metadata)

    def _subgraph(self, table: Fields) -> Subgraph:
        tensors = [self._tensor(each) for each in table["tensors"] or []]
        self._tensors.append(tensors)
        operators = [self._operator(each, tensors) for each in table["operators"] or []]
        return Subgraph(table["name"] or "", [tensors[i] for i in _indices(table["inputs"])],
                        [tensors[i] for i in _indices(table["outputs"])], operators)

    def _tensor(self, table: Fields) -> Tensor:
        signature = table["shape_signature"]
        tensor = Tensor(
            table["name"] or "", tuple(_indices(table["shape"])), table["type"],
            quantization=_quantization(table), variable=bool(table["is_variable"]),
            sparsity=table["sparsity"],
            shape_signature=tuple(_indices(signature)) if signature is not None else None)
        if table["external_buffer"]:
            raise ConvertError(f"tensor {tensor.name}: its values are in another file")
        raw = self._buffer(table["buffer"])
        if raw.size:
            tensor.data = unpack(tensor, raw)
        return tensor

    def _buffer(self, index: int) -> Array:
        buffers = self._root["buffers"] or []
        if not 0 <= index < len(buffers):
            raise ConvertError(f"there is no buffer {index}")
        buffer = buffers[index]
        if buffer["offset"] > 1:
            return self._outside(buffer["offset"], buffer["size"])
        data = buffer["data"]
        return np.empty(0, np.uint8) if data is None else typing.cast(Array, data)

    def _outside(self, offset: int, size: int) -> Array:
        """Bytes of the file that are not part of the flatbuffer."""
        if offset > len(self._content) or size > len(self._content) - offset:
            raise ConvertError("the file is damaged: a buffer leads outside of it")
        return np.frombuffer(self._content, np.uint8, size, offset)

    def _operator(self, table: Fields, tensors: list[Tensor]) -> Operator:
        code = (self._root["operator_codes"] or [])[table["opcode_index"]]
        kind = _kind(code)
        op = Operator(
            kind, [tensors[i] if i >= 0 else None for i in _indices(table["inputs"])],
            [tensors[i] for i in _indices(table["outputs"])], _options(kind, table),
            (code["custom_code"] or "") if kind == "CUSTOM" else "", self._custom_options(table),
            [tensors[i] for i in _indices(table["intermediates"])], code["version"])
        op.layer = op.outputs[0].name if op.outputs else ""
        return op

    def _custom_options(self, table: Fields) -> bytes:
        if table["large_custom_options_offset"] > 1:
            return self._outside(table["large_custom_options_offset"],
                                 table["large_custom_options_size"]).tobytes()
        options = table["custom_options"]
        return b"" if options is None else typing.cast(bytes, options.tobytes())

    def _signature(self, table: Fields) -> Signature:
        tensors = self._tensors[table["subgraph_index"]]
        inputs, outputs = ({each["name"] or "": tensors[each["tensor_index"]]
                            for each in table[side] or []} for side in ("inputs", "outputs"))
        return Signature(table["signature_key"] or "", inputs, outputs, table["subgraph_index"])


def _indices(vector: Array | None) -> list[int]:
    return [] if vector is None else [int(each) for each in vector]


def _kind(code: Fields) -> str:
    """Older files have the narrow field alone; newer ones store 127 there for larger codes."""
    kinds = ENUMS["BuiltinOperator"][1]
    number = max(kinds[code["builtin_code"]], code["deprecated_builtin_code"])
    return next((kind for kind, value in kinds.items() if value == number), "CUSTOM")


def _options(kind: str, table: Fields) -> Fields:
    expected = options_table(kind)
    if expected is None:
        return {}
    found = table[_UNION_FIELDS[expected[0]]]
    return _plain(found[1]) if found is not None and found[0] == expected[1] else {}


def _plain(fields: Fields) -> Fields:
    """Vectors of numbers as lists, and no fields that are not there."""
    return {name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in fields.items() if value is not None}


def _quantization(table: Fields) -> Quantization | None:
    found = table["quantization"]
    if found is None:
        return None
    if found["details"] is not None:
        raise ConvertError(f"tensor {table['name']}: quantization in blocks is not supported")
    if found["scale"] is None or not found["scale"].size:
        return None
    scale = found["scale"].astype(np.float32)
    zero_point = found["zero_point"]
    if zero_point is None or zero_point.size != scale.size:
        first = zero_point[0] if zero_point is not None and zero_point.size else 0
        zero_point = np.full(scale.shape, first)
    return Quantization(scale, zero_point.astype(np.int64), found["quantized_dimension"])


# ---- Writing -----------------------------------------------------------------------------------


def write(model: Model) -> bytes:
    """The bytes of a file. The same model gives the same bytes."""
    return flat.encode("Model", _Writer(model).fields(), IDENTIFIER)


def size(model: Model) -> int:
    """How many those are."""
    return flat.size("Model", _Writer(model).fields(), IDENTIFIER)


def settle(model: Model, *alike: Model) -> bytes:
    """The bytes of a file, of which large constants are views from now on, so that they do not lie in
    memory twice; also those of models that share them. What they were views of may go."""
    writer = _Writer(model)
    fields = writer.fields()
    moved = _Moved(writer.constants, alike)
    content = flat.encode("Model", fields, IDENTIFIER, moved.drop)
    moved.bind(content)
    return content


def save(content: bytes, path: str | os.PathLike[str]) -> None:
    """Writes a file that appears under its name only when whole."""
    name = os.fspath(path)
    with _temporary_beside(name) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        os.replace(file.name, name)


@contextlib.contextmanager
def _temporary_beside(path: str) -> typing.Iterator[typing.IO[bytes]]:
    mode = os.umask(0)
    os.umask(mode)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(path) or ".", prefix=".pipit-",
                                     delete=False) as file:
        os.fchmod(file.fileno(), 0o666 & ~mode)
        try:
            yield file
        except BaseException:
            os.unlink(file.name)
            raise


@dataclasses.dataclass
class _Constant:
    """What is in a buffer, and whose it is."""

    fields: Fields
    tensors: list[Tensor]


class _Moved:
    """Constants on their way from where they were to the file's bytes."""

    def __init__(self, constants: dict[int, _Constant], alike: typing.Iterable[Model]) -> None:
        self._constants = constants  # by the identity of what the buffer holds
        self._places: list[tuple[_Constant, int, int]] = []
        owners = {id(t.data): each for each in constants.values() for t in each.tensors}
        for model in alike:
            for tensor in (t for graph in model.subgraphs for t in graph.tensors()):
                if tensor.data is not None and id(tensor.data) in owners:
                    owners[id(tensor.data)].tensors.append(tensor)

    def drop(self, values: Array, at: int) -> None:
        constant = self._constants.get(id(values))
        if constant is not None:
            self._places.append((constant, at, values.nbytes))
            constant.fields.clear()
            for tensor in constant.tensors:
                tensor.data = None

    def bind(self, content: bytes) -> None:
        for constant, at, count in self._places:
            raw = np.frombuffer(content, np.uint8, count, at)
            for tensor in constant.tensors:
                tensor.data = unpack(tensor, raw)
        small = (each for each in self._constants.values() if each.fields)
        for tensor in (t for each in small for t in each.tensors):
            tensor.data = np.array(tensor.data)


class _Writer:
    """Turns objects into tables; a constant that stands twice in the model does once in the file."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._buffers: list[Fields] = [{}]
        self._buffer_of: dict[bytes, int] = {}
        self._codes: dict[tuple[str, str, int], int] = {}
        self._numbers: list[dict[int, int]] = []  # of each subgraph: tensor's id -> index
        self.constants: dict[int, _Constant] = {}  # by the identity of what the buffer holds

    def fields(self) -> Fields:
        subgraphs = [self._subgraph(i, each) for i, each in enumerate(self._model.subgraphs)]
        return {
            "version": _FILE_VERSION, "subgraphs": subgraphs,
            "operator_codes": [self._code(*key) for key in self._codes],
            "description": self._model.description,
            "metadata": [{"name": name, "buffer": self._buffer(np.frombuffer(data, np.uint8))}
                         for name, data in self._model.metadata.items()] or None,
            "signature_defs": [self._signature(each) for each in self._model.signatures] or None,
            "buffers": self._buffers}

    def _subgraph(self, index: int, graph: Subgraph) -> Fields:
        tensors = self._all_tensors(index, graph)
        numbers = {id(tensor): i for i, tensor in enumerate(tensors)}
        self._numbers.append(numbers)
        return {"tensors": [self._tensor(each) for each in tensors],
                "inputs": [numbers[id(each)] for each in graph.inputs],
                "outputs": [numbers[id(each)] for each in graph.outputs],
                "operators": [self._operator(each, numbers) for each in graph.operators],
                "name": graph.name}

    def _all_tensors(self, index: int, graph: Subgraph) -> list[Tensor]:
        """The graph's, and what only a signature names."""
        named = [tensor for signature in self._model.signatures if signature.subgraph == index
                 for tensor in (*signature.inputs.values(), *signature.outputs.values())]
        return list({id(tensor): tensor for tensor in graph.tensors() + named}.values())

    def _tensor(self, tensor: Tensor) -> Fields:
        signature = tensor.shape_signature
        return {
            "shape": np.array(tensor.shape, np.int32), "type": tensor.dtype, "name": tensor.name,
            "buffer": _NO_BUFFER if tensor.data is None else self._constant(tensor),
            "quantization": _quantization_fields(tensor.quantization),
            "is_variable": tensor.variable, "sparsity": tensor.sparsity,
            "shape_signature": None if signature is None else np.array(signature, np.int32)}

    def _constant(self, tensor: Tensor) -> int:
        index = self._buffer(pack(tensor))
        if as_they_are(tensor):
            fields = self._buffers[index]
            self.constants.setdefault(id(fields["data"]), _Constant(fields, [])).tensors.append(tensor)
        return index

    def _buffer(self, data: Array) -> int:
        """The index of a buffer with these bytes."""
        key = hashlib.blake2b(data.data, digest_size=32).digest()
        if key not in self._buffer_of:
            self._buffer_of[key] = len(self._buffers)
            self._buffers.append({"data": data})
        return self._buffer_of[key]

    def _operator(self, op: Operator, numbers: dict[int, int]) -> Fields:
        key = op.kind, op.custom_code, version(op)
        fields: Fields = {
            "opcode_index": self._codes.setdefault(key, len(self._codes)),
            "inputs": np.array([-1 if each is None else numbers[id(each)] for each in op.inputs],
                               np.int32),
            "outputs": np.array([numbers[id(each)] for each in op.outputs], np.int32),
            "custom_options":
                np.frombuffer(op.custom_options, np.uint8) if op.custom_options else None,
            "intermediates": np.array([numbers[id(each)] for each in op.intermediates],
                                      np.int32) if op.intermediates else None}
        table = options_table(op.kind)
        if table is not None:
            fields[_UNION_FIELDS[table[0]]] = table[1], op.options
        elif op.options:
            raise ConvertError(f"{op.kind} {op.layer}: has no options, got {list(op.options)}")
        return fields

    @staticmethod
    def _code(kind: str, custom_code: str, number: int) -> Fields:
        if kind not in ENUMS["BuiltinOperator"][1]:
            raise ConvertError(f"there is no operator {kind}")
        # Readers of older files know only the narrow field; 127 tells them to look further.
        narrow = min(ENUMS["BuiltinOperator"][1][kind], 127)
        return {"deprecated_builtin_code": narrow, "builtin_code": kind, "version": number,
                "custom_code": custom_code if kind == "CUSTOM" else None}

    def _signature(self, signature: Signature) -> Fields:
        numbers = self._numbers[signature.subgraph]
        inputs, outputs = ([{"name": name, "tensor_index": numbers[id(tensor)]}
                            for name, tensor in names.items()]
                           for names in (signature.inputs, signature.outputs))
        return {"inputs": inputs, "outputs": outputs, "signature_key": signature.key,
                "subgraph_index": signature.subgraph}


def _quantization_fields(quantization: Quantization | None) -> Fields | None:
    if quantization is None:
        return None
    return {"scale": np.asarray(quantization.scale, np.float32).reshape(-1),
            "zero_point": np.asarray(quantization.zero_point, np.int64).reshape(-1),
            "quantized_dimension": quantization.axis}
