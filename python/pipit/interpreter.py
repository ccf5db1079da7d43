# SPDX-License-Identifier: Apache-2.0
"""Runs a `.tflite` model: the interface of tflite_runtime.interpreter, and a little more.

    interpreter = Interpreter(model_path="model.tflite")
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    scores = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

One interpreter belongs to one thread at a time. invoke() releases Python's global lock, so several
interpreters, each in its thread, run at once.
"""

from __future__ import annotations

import ctypes
import enum
import os
import re
import typing
import warnings

from . import _library as c
from . import _types as types
from ._delegate import Delegate, load_delegate, tables  # noqa: F401: Delegate is for others
from ._library import lib
from ._model import Model
from ._plan import Plan, PlanError, make_options
from ._signature import SignatureRunner
from ._team import team
from ._values import Values

if typing.TYPE_CHECKING:
    import numpy

np = types.np


@enum.unique
class OpResolverType(enum.Enum):
    """Which operators to use. Pipit has one set, exact as the reference: all mean the same."""

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


def default_threads() -> int:
    """What `num_threads=None` stands for: the cores this process may use, at most four."""
    return min(4, len(os.sched_getaffinity(0)))


_MOST_THREADS = 2**31 - 1  # the C interface takes no larger number; there are never so many


def _check_threads(num_threads):
    if num_threads is None:
        return default_threads()
    if not isinstance(num_threads, int):
        raise ValueError("type of num_threads should be int")
    if num_threads < 1:
        raise ValueError("num_threads should >= 1")
    return min(num_threads, _MOST_THREADS)


_Self = typing.TypeVar("_Self", bound="Interpreter")


class Interpreter(Values):
    """A model and the memory it runs in.

    Args:
      model_path: a file (str, bytes or os.PathLike); it is mapped, not read.
      model_content: the model as `bytes`; kept, not copied.
      experimental_delegates: what load_delegate() returned for libraries made for Pipit; each may
        compute some of the operators. What came of it: delegation().
      num_threads: at least 1; None: what fits the board, see default_threads(). Results never
        depend on it.
      random_seed: where random operators start from to which the file gives no seeds; the same
        numbers follow each time.
      max_calls: more calls of subgraphs in one invoke() (two for each turn of a loop) are taken for
        an endless loop; None: twenty million.
      experimental_preserve_all_tensors: every tensor can be read after invoke(); each keeps bytes of
        its own for it, so that takes more memory.
      The other arguments are accepted for programs that pass them, and change nothing.

    Raises:
      ValueError: the model cannot be read, is damaged, or has operators that this build lacks.
    """

    def __init__(
        self,
        model_path: str | bytes | os.PathLike | None = None,
        model_content: bytes | None = None,
        experimental_delegates: typing.Sequence[Delegate] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: OpResolverType = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
        experimental_compress_quantization_zero_points: bool = False,
        experimental_disable_delegate_node_fusion: bool = False,
        experimental_force_delegate_node_profiling: bool = False,
        *,
        random_seed: int = 0,
        max_calls: int | None = None,
    ) -> None:
        if experimental_preserve_all_tensors and experimental_op_resolver_type in (
                OpResolverType.AUTO, OpResolverType.BUILTIN):
            warnings.warn("`experimental_preserve_all_tensors` is for debugging: every tensor keeps "
                          "bytes of its own, which takes more memory.", stacklevel=2)
        if not isinstance(experimental_op_resolver_type, OpResolverType):
            raise ValueError("Unrecognized passed in op resolver type: {}".format(
                experimental_op_resolver_type))
        self._team = team(_check_threads(num_threads))
        self._random_seed = random_seed
        self._max_calls = max_calls
        self._compress_zero_points = experimental_compress_quantization_zero_points
        self._preserve_all = bool(experimental_preserve_all_tensors)
        self._operators = getattr(self, "_operators", None)
        self._model = self._open(model_path, model_content)
        self._delegates = list(experimental_delegates or [])
        self._delegate_tables = tables(self._delegates)
        self._signatures = self._model.signatures()
        self._shapes = {}  # {(subgraph, position of the input): dimensions} that were asked for
        self._strings = {}  # {(subgraph, position): buffer} that inputs are bound to
        self._plan = None  # while there is none, nothing can run
        self._refused = {}  # {key of a signature that cannot run: why}
        self._old_plan = None  # the one that a resize has made invalid
        self._check_operators()

    @staticmethod
    def _open(path, content):
        if path and content:
            raise ValueError("Can't both provide `model_path` and `model_content`")
        if content is not None and not isinstance(content, bytes):
            raise TypeError("model_content must be bytes, not %s" % type(content).__name__)
        if path:
            return Model(path=os.fspath(path))
        if content:
            return Model(content=content)
        raise ValueError("`model_path` or `model_content` must be specified.")

    def _options(self):
        return make_options(self._shapes, self._team, self._preserve_all, self._random_seed,
                            self._max_calls, self._operators, self._delegate_tables)

    def _check_operators(self):
        why, options = c.Message(), self._options()
        code = lib.pipit_check_operators(
            self._model.handle, ctypes.byref(options), ctypes.byref(why))
        if code == c.OK or self._some_signature_runs():
            return
        versions = self._model.versions()
        said = ["Didn't find op for builtin opcode '%s' version '%d'." % (op, versions.get(op, 1))
                for op in re.findall(r"(\w+) \(\d+\)", why.text)]
        said += ["Encountered unresolved custom op: %s." % op
                 for op in re.findall(r"custom '(.*?)'", why.text)]
        raise ValueError("%s Registration failed." % " ".join(said or [why.text]))

    def _some_signature_runs(self):
        """Whether there is something to run although operators are missing."""
        if not self._signatures:
            return False
        try:
            plan = Plan(self._model, self._options())
        except PlanError:
            return False
        for key, (_, subgraph, _, _) in self._signatures.items():
            why = plan.refusal(subgraph)
            if why is not None:
                self._refused[key] = why.text
        return len(self._refused) < len(self._signatures) or plan.refusal(0) is None

    # ---- life

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the memory back now. Views of tensors that are still held keep theirs until then."""
        self._plan = self._old_plan = None
        self._strings = {}

    def _exported(self):
        return any(p is not None and p.exported() for p in (self._plan, self._old_plan))

    def _safe_to_run(self) -> bool:
        """Whether nobody holds a view of a tensor."""
        return not self._exported()

    def _ensure_safe(self):
        if self._exported():
            raise RuntimeError(
                "There is at least 1 reference to internal data in the interpreter in the form of a "
                "numpy array or slice. Be sure to only hold the function returned from tensor() if "
                "you are using raw data access.")

    def allocate_tensors(self) -> None:
        """Plans the model for its shapes and takes the memory. Does nothing when that is done.

        Raises:
          RuntimeError: an operator refuses the shapes, naming it; an earlier plan then stays.
        """
        self._ensure_safe()
        self._allocate(0)

    def _allocate(self, subgraph):
        self._make_plan()
        why = self._plan.refusal(subgraph)
        if why is not None:
            raise RuntimeError(why.failed_node("prepare"))

    def _make_plan(self):
        if self._plan is not None:
            return
        try:
            self._plan = Plan(self._model, self._options())
        except PlanError as error:
            raise RuntimeError(error.args[0].failed_node("prepare")) from None
        self._old_plan = None
        self._strings = {}

    # ---- running

    def invoke(self) -> None:
        """One inference on the values of the inputs.

        Raises:
          RuntimeError: allocate_tensors() has not been called since the last change of a shape, a
            view of a tensor is held, or an operator cannot process a value.
        """
        self._ensure_safe()
        self._invoke(0, None)

    def _invoke(self, subgraph, signature):
        if self._plan is None:
            raise RuntimeError("Invoke called on model that is not ready.")
        for position, index in enumerate(self._model.inputs(subgraph)):
            tensor = self._tensor(subgraph, index)
            if tensor.type == types.STRING and (subgraph, position) not in self._strings:
                raise RuntimeError("Input tensor %d lacks data" % index)
        code, why = self._plan.invoke(signature)
        if code != c.OK:
            raise RuntimeError(why.failed_node("invoke"))

    def reset_all_variables(self) -> None:
        """Variables and other state return to zero."""
        if self._plan is not None:
            lib.pipit_interpreter_reset_variables(self._plan.handle)

    def resize_tensor_input(self, input_index: int, tensor_size: typing.Sequence[int] | numpy.ndarray,
                            strict: bool = False) -> None:
        """Gives an input another shape; call allocate_tensors() afterwards.

        Args:
          input_index: the tensor's index (`index` of its details).
          tensor_size: the new shape, a sequence of integers.
          strict: allow only dimensions that are -1 in `shape_signature`.

        Raises:
          ValueError: there is no such input, or the shape is not a list of numbers.
          RuntimeError: a view of a tensor is held, the tensor is a constant, or strict, and a
            dimension is fixed.
        """
        self._ensure_safe()
        self._resize(0, input_index, tensor_size, strict)

    def _resize(self, subgraph, index, size, strict=False):
        shape = self._shape_argument(size)
        self._check_index(index, subgraph)
        tensor = self._tensor(subgraph, index)
        current = self._shape_of(subgraph, tensor)
        if shape == current and self._plan is not None:
            return
        if tensor.storage == c.STORAGE_CONSTANT:
            raise RuntimeError("Attempting to resize a fixed-size tensor.")
        if strict:
            self._check_strict(tensor, current, shape)
        inputs = self._model.inputs(subgraph)
        if index not in inputs:
            raise ValueError("Tensor %d is not an input: only inputs can be resized." % index)
        self._shapes[subgraph, inputs.index(index)] = shape
        if self._plan is not None:
            self._plan, self._old_plan = None, self._plan

    @staticmethod
    def _shape_argument(size):
        if np is None:
            return tuple(int(n) for n in size)
        array = np.array(size, dtype=np.int32)
        if array.ndim != 1:
            raise ValueError("Shape should be 1D instead of %d." % array.ndim)
        if array.size > c.MAX_RANK:
            raise ValueError("Shape has %d dimensions; at most %d are possible."
                             % (array.size, c.MAX_RANK))
        return tuple(array.tolist())

    @staticmethod
    def _check_strict(tensor, current, shape):
        if len(shape) != len(current):
            raise RuntimeError(
                "Attempting to resize tensor %d with %d dimensions to %d. ResizeInputTensorStrict "
                "only allows mutating unknown dimensions identified by -1."
                % (tensor.index, len(current), len(shape)))
        signature = tensor.shape_signature
        for i, (have, wanted) in enumerate(zip(current, shape)):
            if wanted != have and (i >= len(signature) or signature[i] != -1):
                raise RuntimeError(
                    "Attempting to resize dimension %d of tensor %d with value %d to %d. "
                    "ResizeInputTensorStrict only allows mutating unknown dimensions identified "
                    "by -1." % (i, tensor.index, have, wanted))

    # ---- signatures

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """{key: {"inputs": [names], "outputs": [names]}}, names sorted."""
        return {key: {"inputs": list(inputs), "outputs": list(outputs)}
                for key, (_, _, inputs, outputs) in self._signatures.items()}

    def _get_full_signature_list(self) -> dict[str, dict[str, dict[str, int]]]:
        """The same with the tensor index of each name."""
        return {key: {"inputs": dict(inputs), "outputs": dict(outputs)}
                for key, (_, _, inputs, outputs) in self._signatures.items()}

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A function that runs a signature: takes arrays by name, returns a dict of arrays.

        Raises:
          ValueError: there is no such signature, it cannot run, or None when there is not exactly one.
        """
        if signature_key is None:
            if len(self._signatures) != 1:
                raise ValueError(
                    "SignatureDef signature_key is None and model has {0} Signatures. None is only "
                    "allowed when the model has 1 SignatureDef".format(len(self._signatures)))
            signature_key = next(iter(self._signatures))
        return SignatureRunner(interpreter=self, signature_key=signature_key)

    # ---- what else there is to know

    def _native_handle(self) -> int | None:
        """The address of the C interface's interpreter; None before allocate_tensors()."""
        return self._plan.handle.value if self._plan is not None else None

    @property
    def experimental_compress_quantization_zero_points(self) -> bool:
        return self._compress_zero_points

    @property
    def required_arena_bytes(self) -> int:
        """The memory, in bytes, that the model needs for its present shapes, weights not included."""
        from ._plan import required_memory
        try:
            return required_memory(self._model, self._options()).arena_bytes
        except PlanError as error:
            raise RuntimeError(error.args[0].failed_node("prepare")) from None

    def delegation(self) -> list[dict[str, typing.Any]]:
        """What delegates compute, once tensors are allocated: a list of dicts with `delegate` (its
        name), `subgraph` and `nodes` (the operators' positions), one for each partition."""
        rows, info = [], c.PartitionInfo()
        count = lib.pipit_interpreter_partitions(self._plan.handle) if self._plan else 0
        for i in range(count):
            lib.pipit_interpreter_partition(self._plan.handle, i, ctypes.byref(info))
            rows.append({"delegate": c.decoded(info.delegate), "subgraph": info.subgraph,
                         "nodes": info.nodes[:info.node_count]})
        return rows

    def profile(self, runs: int = 1) -> list[dict[str, typing.Any]]:
        """Runs the model and returns a list of dicts, one for each operator that takes part:
        `node`, `op_name`, `variant` (the kernel that was chosen) and `seconds` of one run on
        average.

        Raises:
          ValueError: runs is less than 1.
          RuntimeError: as invoke() does.
        """
        if runs < 1:
            raise ValueError("runs should be >= 1, not %d" % runs)
        self._ensure_safe()
        count = max(self._model.nodes(), 1)
        times = (ctypes.c_uint64 * count)()
        if self._plan is not None:
            lib.pipit_interpreter_time_nodes(self._plan.handle, times, count)
        try:
            for _ in range(runs):
                self._invoke(0, None)
        finally:
            if self._plan is not None:
                lib.pipit_interpreter_time_nodes(self._plan.handle, None, 0)
        return [self._profile_row(i, times, runs)
                for i in range(lib.pipit_interpreter_steps(self._plan.handle, 0))]

    def _profile_row(self, i, times, runs):
        step = c.Step()
        lib.pipit_interpreter_step(self._plan.handle, 0, i, ctypes.byref(step))
        return {"node": step.node, "op_name": c.decoded(step.op), "variant": c.decoded(step.variant),
                "seconds": times[step.node] / runs * 1e-9}


class InterpreterWithCustomOps(Interpreter):
    """An interpreter with operators of the application, written in C against pipit/pipit.h.

    Args:
      custom_op_registerers: functions, each either the name of a symbol in this process or a
        callable. Each is called with the address of a `pipit_operator` that it fills.
    """

    def __init__(
        self,
        custom_op_registerers: typing.Sequence[str | typing.Callable[[int], object]] | None = None,
        **kwargs: typing.Any,
    ) -> None:
        registerers = list(custom_op_registerers or [])
        self._operators = (c.Operator * len(registerers))() if registerers else None
        for i, registerer in enumerate(registerers):
            operator = self._operators[i]
            operator.struct_bytes = ctypes.sizeof(c.Operator)
            if isinstance(registerer, str):
                registerer = self._find(registerer)
            registerer(ctypes.addressof(operator))
        self._registerers = registerers
        super().__init__(**kwargs)

    @staticmethod
    def _find(symbol):
        """A function of this process, or of a library that programs for TensorFlow Lite name."""
        name, library = symbol, None
        if symbol.startswith("pywrap_genai_ops."):
            library, name = "pywrap_genai_ops.so", symbol.split(".", 1)[1]
        try:
            loaded = ctypes.CDLL(library)
        except OSError as error:
            raise ValueError("Loading library '%s' failed with error '%s'."
                             % (library, error)) from None
        try:
            function = getattr(loaded, name)
        except AttributeError as error:
            raise ValueError("Looking up symbol '%s' failed with error '%s'."
                             % (symbol, error)) from None
        function.argtypes, function.restype = [ctypes.c_void_p], None
        return function
