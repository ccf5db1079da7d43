# SPDX-License-Identifier: Apache-2.0
"""The shared library and its C interface (pipit/pipit.h), by way of ctypes."""

from __future__ import annotations

import ctypes
import re
import typing
from ctypes import POINTER, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint64, c_void_p

from . import _find

MAX_RANK = 8

OK = 0
BAD_MODEL = 1
UNSUPPORTED = 2
ARENA_TOO_SMALL = 3
NO_FILE = 6
CANCELLED = 7

DEFAULT_SIGNATURE = -2

STORAGE_CONSTANT = 1
STORAGE_VARIABLE = 3
STORAGE_DYNAMIC = 4


def decoded(name: bytes | None) -> str:
    """A name from a model, which may hold any bytes: those that are no UTF-8 become "\\xff"."""
    return (name or b"").decode("utf-8", "backslashreplace")


class Message(ctypes.Structure):
    _fields_ = [("raw", c_char * 1024)]

    @property
    def text(self) -> str:
        return decoded(self.raw)

    def failed_node(self, verb: str) -> str:
        """The text, and which node it was in the words that users of TensorFlow Lite know."""
        found = re.match(r"(\S+) \(operator (\d+)", self.text)
        if not found:
            return self.text
        return "%s Node number %s (%s) failed to %s." % (
            self.text, found.group(2), found.group(1), verb)


class Tensor(ctypes.Structure):
    _fields_ = [
        ("struct_bytes", c_size_t),
        ("name", c_char_p),
        ("data", c_void_p),
        ("bytes", c_size_t),
        ("index", c_int32),
        ("type", c_int32),
        ("storage", c_int32),
        ("rank", c_int32),
        ("dims", c_int32 * MAX_RANK),
        ("signature", c_int32 * MAX_RANK),
        ("scales", POINTER(ctypes.c_float)),
        ("zero_points", POINTER(c_int64)),
        ("scale_count", c_int32),
        ("zero_point_count", c_int32),
        ("quantized_dimension", c_int32),
        ("block_size", c_int32),
        ("block_scales", c_int32),
        ("sparse_dimensions", c_int32),
    ]

    def __init__(self) -> None:
        super().__init__(struct_bytes=ctypes.sizeof(Tensor))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.dims[:self.rank])

    @property
    def shape_signature(self) -> tuple[int, ...]:
        return tuple(self.signature[:self.rank])


class Sparsity(ctypes.Structure):
    _fields_ = [
        ("traversal_order", POINTER(c_int32)),
        ("block_map", POINTER(c_int32)),
        ("traversal_count", c_int32),
        ("block_map_count", c_int32),
    ]


class SparseDimension(ctypes.Structure):
    _fields_ = [
        ("sparse", c_int32),
        ("dense_size", c_int32),
        ("segments", c_void_p),
        ("indices", c_void_p),
        ("segment_count", c_int32),
        ("segment_bytes", c_int32),
        ("index_count", c_int32),
        ("index_bytes", c_int32),
    ]


class Node(ctypes.Structure):
    _fields_ = [
        ("op", c_char_p),
        ("inputs", POINTER(c_int32)),
        ("outputs", POINTER(c_int32)),
        ("input_count", c_int32),
        ("output_count", c_int32),
        ("code", c_int32),
        ("version", c_int32),
    ]


class Signature(ctypes.Structure):
    _fields_ = [
        ("key", c_char_p),
        ("subgraph", c_int32),
        ("inputs", c_int32),
        ("outputs", c_int32),
    ]


class Operator(ctypes.Structure):
    _fields_ = [
        ("struct_bytes", c_size_t),
        ("name", c_char_p),
        ("context", c_void_p),
        ("prepare", c_void_p),
        ("run", c_void_p),
    ]


class InputShape(ctypes.Structure):
    _fields_ = [
        ("subgraph", c_int32),
        ("input", c_int32),
        ("rank", c_int32),
        ("dims", c_int32 * MAX_RANK),
    ]


class Step(ctypes.Structure):
    _fields_ = [
        ("op", c_char_p),
        ("variant", c_char_p),
        ("node", c_int32),
        ("subgraph", c_int32),
    ]


class PartitionInfo(ctypes.Structure):
    _fields_ = [
        ("delegate", c_char_p),
        ("nodes", POINTER(c_int32)),
        ("node_count", c_int32),
        ("subgraph", c_int32),
    ]


class Block(ctypes.Structure):
    _fields_ = [
        ("subgraph", c_int32),
        ("tensor", c_int32),
        ("step", c_int32),
        ("first", c_int32),
        ("last", c_int32),
        ("offset", c_uint64),
        ("bytes", c_uint64),
    ]


BlockListener = ctypes.CFUNCTYPE(None, c_void_p, POINTER(Block))


class Options(ctypes.Structure):
    _fields_ = [
        ("struct_bytes", c_size_t),
        ("shapes", POINTER(InputShape)),
        ("shape_count", c_size_t),
        ("operators", POINTER(Operator)),
        ("operator_count", c_size_t),
        ("isa", c_char_p),
        ("activations", c_void_p),
        ("activation_bytes", c_size_t),
        ("overwrite_inputs", c_int32),
        ("preserve_all", c_int32),
        ("delegates", POINTER(c_void_p)),
        ("delegate_count", c_size_t),
        ("random_seed", c_uint64),
        ("team", c_void_p),
        ("least_share", c_int64),
        ("max_calls", c_int64),
        ("main_may_fail", c_int32),
        ("max_activation_bytes", c_uint64),
        ("bands", c_int32),
        ("band_rows", c_int32),
        ("cpu", c_char_p),
        ("block", BlockListener),
        ("block_context", c_void_p),
    ]


class Cost(ctypes.Structure):
    _fields_ = [
        ("multiply_adds", c_int64),
        ("read_bytes", c_int64),
        ("written_bytes", c_int64),
        ("weight_bytes", c_int64),
    ]


class Memory(ctypes.Structure):
    _fields_ = [
        ("struct_bytes", c_size_t),
        ("arena_bytes", c_size_t),
        ("separate_bytes", c_size_t),
        ("activation_bytes", c_size_t),
        ("lower_bound_bytes", c_size_t),
    ]


_handle = c_void_p
_why = POINTER(Message)
_int_list = POINTER(POINTER(c_int32))
PROTOTYPES: dict[str, tuple[typing.Any, ...]] = {
    "pipit_version": (c_char_p,),
    "pipit_type_name": (c_char_p, c_int32),
    "pipit_model_bytes": (c_size_t,),
    "pipit_model_init": (c_int32, c_void_p, c_size_t, c_void_p, c_size_t, POINTER(_handle), _why),
    "pipit_model_init_file": (c_int32, c_void_p, c_size_t, c_char_p, POINTER(_handle), _why),
    "pipit_model_release": (None, _handle),
    "pipit_model_description": (c_char_p, _handle),
    "pipit_model_subgraphs": (c_int32, _handle),
    "pipit_model_tensors": (c_int32, _handle, c_int32),
    "pipit_model_tensor": (c_int32, _handle, c_int32, c_int32, POINTER(Tensor)),
    "pipit_model_sparsity": (c_int32, _handle, c_int32, c_int32, POINTER(Sparsity)),
    "pipit_model_sparse_dimension": (
        c_int32, _handle, c_int32, c_int32, c_int32, POINTER(SparseDimension)),
    "pipit_model_inputs": (c_int32, _handle, c_int32, _int_list),
    "pipit_model_outputs": (c_int32, _handle, c_int32, _int_list),
    "pipit_model_nodes": (c_int32, _handle, c_int32),
    "pipit_model_node": (c_int32, _handle, c_int32, c_int32, POINTER(Node)),
    "pipit_model_option": (
        c_int64, _handle, c_int32, c_int32, c_int32, c_int32, c_int64),
    "pipit_model_signatures": (c_int32, _handle),
    "pipit_model_signature": (c_int32, _handle, c_int32, POINTER(Signature)),
    "pipit_model_signature_input": (
        c_int32, _handle, c_int32, c_int32, POINTER(c_char_p), POINTER(c_int32)),
    "pipit_model_signature_output": (
        c_int32, _handle, c_int32, c_int32, POINTER(c_char_p), POINTER(c_int32)),
    "pipit_model_metadata_count": (c_int32, _handle),
    "pipit_model_metadata": (
        c_int32, _handle, c_int32, POINTER(c_char_p), POINTER(c_void_p), POINTER(c_size_t)),
    "pipit_team_bytes": (c_size_t,),
    "pipit_team_init": (c_int32, c_void_p, c_size_t, c_int32, POINTER(_handle), _why),
    "pipit_team_threads": (c_int32, _handle),
    "pipit_team_release": (None, _handle),
    "pipit_options_init_bytes": (None, POINTER(Options), c_size_t),
    "pipit_check_operators": (c_int32, _handle, POINTER(Options), _why),
    "pipit_required_memory": (c_int32, _handle, POINTER(Options), POINTER(Memory), _why),
    "pipit_interpreter_init": (
        c_int32, _handle, c_void_p, c_size_t, POINTER(Options), POINTER(_handle), _why),
    "pipit_interpreter_tensors": (c_int32, _handle, c_int32),
    "pipit_interpreter_tensor": (c_int32, _handle, c_int32, c_int32, POINTER(Tensor)),
    "pipit_interpreter_bind_input": (
        c_int32, _handle, c_int32, c_int32, c_void_p, c_size_t, _why),
    "pipit_interpreter_bind_output": (
        c_int32, _handle, c_int32, c_int32, c_void_p, c_size_t, _why),
    "pipit_interpreter_runs": (c_int32, _handle, c_int32, _why),
    "pipit_interpreter_invoke": (c_int32, _handle, _why),
    "pipit_interpreter_invoke_signature": (c_int32, _handle, c_int32, _why),
    "pipit_interpreter_cancel": (None, _handle),
    "pipit_interpreter_reset_variables": (None, _handle),
    "pipit_interpreter_steps": (c_int32, _handle, c_int32),
    "pipit_interpreter_step": (c_int32, _handle, c_int32, c_int32, POINTER(Step)),
    "pipit_interpreter_step_cost": (c_int32, _handle, c_int32, c_int32, POINTER(Cost)),
    "pipit_interpreter_partitions": (c_int32, _handle),
    "pipit_interpreter_partition": (c_int32, _handle, c_int32, POINTER(PartitionInfo)),
    "pipit_interpreter_time_nodes": (None, _handle, POINTER(c_uint64), c_size_t),
}


def bound(library: ctypes.CDLL, prototypes: dict[str, tuple[typing.Any, ...]]) -> ctypes.CDLL:
    """The library with its functions' types.

    Raises:
      ImportError: it lacks one, so it is another library or of another version.
    """
    for name, (result, *arguments) in prototypes.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError("%s is of another version of Pipit: it has no function %s"
                              % (library._name, name), name="pipit", path=library._name) from None
        function.restype = result
        function.argtypes = arguments
    return library


lib = bound(_find.load(), PROTOTYPES)
