# SPDX-License-Identifier: Apache-2.0
"""Runs a `.tflite` model: the interface of tflite_runtime.interpreter, and a little more.

    interpreter = Interpreter(model_path="model.tflite")
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    scores = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

One interpreter belongs to one thread at a time, and a second one gets a RuntimeError; run() and
signature runners wait for each other instead, so threads may share those. Python's global lock is
released while a model runs, so several interpreters, each in its thread, run at once.
"""

from __future__ import annotations

import ctypes
import enum
import os
import re
import typing
import warnings

from . import _arguments as arguments
from . import _library as c
from . import _types as types
from ._delegate import Delegate, by_interface, load_delegate
from ._insight import Insight
from ._library import lib
from ._model import Model, Signature
from ._plan import Plan, PlanError, Shapes, make_options
from ._signature import SignatureRunner
from ._team import team
from ._tflite import Net, Settings
from ._turn import Turn

if typing.TYPE_CHECKING:
    import numpy.typing

    Array = numpy.typing.NDArray[typing.Any]

__all__ = ["Cancelled", "Delegate", "Interpreter", "InterpreterWithCustomOps", "OpResolverType",
           "SignatureRunner", "default_threads", "load_delegate"]


class Cancelled(RuntimeError):
    """What invoke() and all that runs a model raise after cancel()."""


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


def _check_threads(num_threads: int | None) -> int:
    if num_threads is None:
        return default_threads()
    if not isinstance(num_threads, int):
        raise ValueError("type of num_threads should be int")
    if num_threads < 1:
        raise ValueError("num_threads should >= 1")
    return min(num_threads, _MOST_THREADS)


_Self = typing.TypeVar("_Self", bound="Interpreter")


class Interpreter(Insight):
    """A model and the memory it runs in.

    Args:
      model_path: a file (str, bytes or os.PathLike); it is mapped, not read.
      model_content: the model as `bytes`; kept, not copied.
      experimental_delegates: what load_delegate() returned, all for libraries written for Pipit or
        all for TensorFlow Lite; each may compute some of the operators. What came of it:
        delegation(). When one written for TensorFlow Lite fails to prepare, a RuntimeWarning says
        so, and all operators are computed without delegates.
      num_threads: at least 1; None: what fits the board, see default_threads(). Results never
        depend on it.
      random_seed: where random operators start from to which the file gives no seeds; the same
        numbers follow each time.
      max_calls: more calls of subgraphs in one invoke() (two for each turn of a loop) are taken for
        an endless loop; None: twenty million.
      experimental_preserve_all_tensors: every tensor can be read after invoke(); each keeps bytes of
        its own for it, so that takes more memory.
      The other arguments are accepted for programs that pass them, and change nothing.

    It can be pickled, and copied: what comes of that has the model's path (or its content), all
    arguments and shapes, but starts with no values.

    Raises:
      ValueError: the model cannot be read, is damaged, or has builtin operators that this build
        lacks. (Custom ones that nobody has are told by allocate_tensors().)
    """

    def __init__(
        self,
        model_path: str | bytes | os.PathLike[str] | os.PathLike[bytes] | None = None,
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
        self._num_threads = num_threads
        _check_threads(num_threads)
        self._random_seed = arguments.between(random_seed, 0, 2**64 - 1, "random_seed")
        self._max_calls = max_calls
        if max_calls is not None:
            self._max_calls = arguments.between(max_calls, 1, 2**63 - 1, "max_calls")
        self._compress_zero_points = experimental_compress_quantization_zero_points
        self._preserve_all = bool(experimental_preserve_all_tensors)
        self._operators = getattr(self, "_operators", None)
        self._delegates = experimental_delegates or []
        self._delegate_tables, self._plugins = by_interface(self._delegates)
        if self._plugins and self._operators:
            raise ValueError("Operators written against pipit/pipit.h and delegates written for "
                             "TensorFlow Lite cannot share an interpreter.")
        self._net: Net | None = None  # what runs with the latter, and has threads of its own
        self._team = None if self._plugins else team(_check_threads(num_threads))
        self._model = self._open(model_path, model_content)
        self._signatures: dict[str, Signature] = self._model.signatures()
        self._turn = Turn()
        self._shapes: Shapes = {}  # that were asked for
        self._strings = {}
        self._plan: Plan | None = None  # while there is none, nothing can run
        self._refused: dict[str, str] = {}  # {key of a signature that cannot run: why}
        self._unresolved: str | None = None  # why allocate_tensors() has nothing to plan
        self._old_plan: Plan | None = None  # the one that a resize has made invalid
        self._check_operators()
        self._arguments: dict[str, typing.Any] = {
            "model_path": os.path.abspath(model_path) if model_path else None,
            "model_content": model_content,
            "experimental_delegates": experimental_delegates,
            "num_threads": num_threads,
            "experimental_op_resolver_type": experimental_op_resolver_type,
            "experimental_preserve_all_tensors": experimental_preserve_all_tensors,
            "experimental_compress_quantization_zero_points": self._compress_zero_points,
            "random_seed": random_seed,
            "max_calls": max_calls,
        }

    def _open(self, path: typing.Any, content: bytes | None) -> Model:
        if path and content:
            raise ValueError("Can't both provide `model_path` and `model_content`")
        if content is not None and not isinstance(content, bytes):
            raise TypeError("model_content must be bytes, not %s" % type(content).__name__)
        if path:
            path = os.fspath(path)
            return Model.mapped(path) if self._plugins else Model(path=path)
        if content:
            return Model(content=content)
        raise ValueError("`model_path` or `model_content` must be specified.")

    def _options(self) -> c.Options:
        return make_options(self._shapes, self._team, self._preserve_all, self._random_seed,
                            self._max_calls, self._operators, self._delegate_tables)

    def _check_operators(self) -> None:
        if self._plugins:
            return  # they may compute what is missing
        why, options = c.Message(), self._options()
        code = lib.pipit_check_operators(
            self._model.handle, ctypes.byref(options), ctypes.byref(why))
        if code == c.OK or self._some_signature_runs():
            return
        versions, named = self._model.versions(), r"custom '(.*?)'(?: \((.*?)\))?"
        said = ["Didn't find op for builtin opcode '%s' version '%d'." % (op, versions.get(op, 1))
                for op in re.findall(r"(\w+) \(\d+\)", re.sub(named, "", why.text))]
        custom = dict(re.findall(named, why.text))
        found = ["Encountered unresolved custom op: %s%s." % (op, advice and ": " + advice)
                 for op, advice in custom.items()]
        if said or not custom:
            raise ValueError("%s Registration failed." % " ".join(said + found or [why.text]))
        first = [(i, node.op) for i, node in self._model.all_nodes() if node.op in custom][:1]
        self._unresolved = " ".join(
            found + ["Node number %d (%s) failed to prepare." % node for node in first])

    def _some_signature_runs(self) -> bool:
        """Whether there is something to run although operators are missing."""
        if not self._signatures:
            return False
        try:
            plan = Plan(self._model, self._options())
        except PlanError:
            return False
        for key, signature in self._signatures.items():
            why = plan.refusal(signature.subgraph)
            if why is not None:
                self._refused[key] = why.text
        return len(self._refused) < len(self._signatures) or plan.refusal(0) is None

    # ---- life

    def __getstate__(self) -> dict[str, typing.Any]:
        return {"arguments": self._arguments, "shapes": self._shapes,
                "planned": self._plan is not None}

    def __setstate__(self, state: dict[str, typing.Any]) -> None:
        Interpreter.__init__(self, **state["arguments"])
        self._shapes = dict(state["shapes"])
        if state["planned"]:
            self._make_plan()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the memory back now. Views of tensors that are still held keep theirs until then."""
        self._plan = self._old_plan = self._net = None
        self._strings = {}

    def _exported(self) -> bool:
        return any(p is not None and p.exported() for p in (self._plan, self._old_plan))

    def _safe_to_run(self) -> bool:
        """Whether nobody holds a view of a tensor."""
        return not self._exported()

    def _ensure_safe(self) -> None:
        if self._exported():
            raise RuntimeError(
                "There is at least 1 reference to internal data in the interpreter in the form of a "
                "numpy array or slice. Be sure to only hold the function returned from tensor() if "
                "you are using raw data access.")

    def allocate_tensors(self) -> None:
        """Plans the model for its shapes and takes the memory. Does nothing when that is done.

        Raises:
          RuntimeError: an operator refuses the shapes, naming it; an earlier plan then stays. Or
            nobody has an operator that the model needs.
        """
        with self._turn:
            self._ensure_safe()
            self._allocate(0)

    def _allocate(self, subgraph: int) -> None:
        why = self._make_plan().refusal(subgraph)
        if why is not None:
            raise RuntimeError(why.failed_node("prepare"))

    def _make_plan(self) -> Plan:
        if self._plan is not None:
            return self._plan
        if self._unresolved is not None:
            raise RuntimeError(self._unresolved)
        plan = self._plan = self._planned()
        self._old_plan = None
        self._strings = {}
        return plan

    def _planned(self) -> Plan:
        try:
            if not self._plugins:
                return Plan(self._model, self._options())
            if self._net is None:
                self._net = Net(self._model, self._plugins, self._settings())
            return self._net.plan(self._shapes)
        except PlanError as error:
            raise RuntimeError(error.args[0].failed_node("prepare")) from None

    def _settings(self) -> Settings:
        return Settings(_check_threads(self._num_threads), self._preserve_all, self._random_seed,
                        self._max_calls)

    def _replace_plan(self, plan: Plan) -> None:
        """By one of the same shapes; inputs and variables stay."""
        if self._plan is not None:
            plan.take_over(self._plan)
        self._plan = plan
        for (subgraph, position), buffer in self._strings.items():
            self._bind(subgraph, position, buffer)

    # ---- running

    def invoke(self) -> None:
        """One inference on the values of the inputs.

        Raises:
          RuntimeError: allocate_tensors() has not been called since the last change of a shape, a
            view of a tensor is held, an operator cannot process a value, or another thread is using
            the interpreter.
          Cancelled: another thread has called cancel().
        """
        with self._turn:
            self._ensure_safe()
            self._invoke(0, c.DEFAULT_SIGNATURE)

    def _invoke(self, subgraph: int, signature: int) -> None:
        if self._plan is None:
            raise RuntimeError("Invoke called on model that is not ready.")
        for position, index in enumerate(self._model.inputs(subgraph)):
            tensor = self._tensor(subgraph, index)
            if tensor.type == types.STRING and (subgraph, position) not in self._strings:
                raise RuntimeError("Input tensor %d lacks data" % index)
        code, why = self._plan.invoke(signature)
        while code == c.ARENA_TOO_SMALL and self._grow():
            code, why = self._plan.invoke(signature)
        if code == c.CANCELLED:
            raise Cancelled("The invocation was cancelled.")
        if code != c.OK:
            raise RuntimeError(why.failed_node("invoke"))

    def _grow(self) -> bool:
        """More room for tensors of unknown shape; whether there is some."""
        plan = self._plan.larger() if self._plan is not None and not self._exported() else None
        if plan is not None:
            self._replace_plan(plan)
        return plan is not None

    def run(self, inputs: typing.Any) -> list[Array]:
        """One inference, for threads that share an interpreter: they wait for each other.

        Args:
          inputs: the values of all inputs, a list in the order of get_input_details() or a dict by
            their names; or the value of the only one, when it is an array.

        Returns:
          Copies of the outputs, in the order of get_output_details().

        Raises:
          ValueError, RuntimeError: as set_tensor() and invoke() do.
        """
        with self._turn.after_others():
            self.allocate_tensors()
            for index, value in self._by_index(inputs):
                self._set(0, index, value)
            self.invoke()
            return [self.get_tensor(index) for index in self._model.outputs()]

    def _by_index(self, inputs: typing.Any) -> list[tuple[int, typing.Any]]:
        wanted = self._model.inputs()
        if isinstance(inputs, dict):
            names = {c.decoded(self._model.tensor(0, i).name): i for i in wanted}
            if set(inputs) != set(names):
                raise ValueError("The model's inputs are %s, got %s."
                                 % (sorted(names), sorted(map(str, inputs))))
            return [(names[name], value) for name, value in inputs.items()]
        values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(values) != len(wanted):
            raise ValueError("The model has %d inputs, got %d." % (len(wanted), len(values)))
        return list(zip(wanted, values))

    def cancel(self) -> None:
        """Ends what another thread is running, before its next operator: it gets Cancelled. Does
        nothing when nothing runs."""
        plan = self._plan
        if plan is not None:
            plan.cancel()

    def set_num_threads(self, num_threads: int | None) -> None:
        """Another number of threads from now on. The values of inputs and variables stay."""
        with self._turn:
            self._ensure_safe()
            threads = _check_threads(num_threads)
            self._team = None if self._plugins else team(threads)
            self._num_threads = self._arguments["num_threads"] = num_threads
            if self._net is not None:
                self._net.set_threads(threads)
            if self._plan is not None:
                self._replace_plan(self._planned())

    def reset_all_variables(self) -> None:
        """Variables and other state return to zero."""
        with self._turn:
            if self._plan is not None:
                self._plan.lib.pipit_interpreter_reset_variables(self._plan.handle)

    def resize_tensor_input(self, input_index: int,
                            tensor_size: typing.Sequence[int] | numpy.typing.NDArray[typing.Any],
                            strict: bool = False) -> None:
        """Gives an input another shape; call allocate_tensors() afterwards.

        Args:
          input_index: the tensor's index (`index` of its details).
          tensor_size: the new shape, a sequence of integers.
          strict: allow only dimensions that are -1 in `shape_signature`.

        Raises:
          ValueError: there is no such input, or no such shape.
          TypeError: the shape is not a list of integers.
          RuntimeError: a view of a tensor is held, the tensor is a constant, or strict, and a
            dimension is fixed.
        """
        with self._turn:
            self._ensure_safe()
            self._resize(0, input_index, tensor_size, strict)

    def _resize(self, subgraph: int, index: int, size: typing.Any, strict: bool = False) -> None:
        shape = arguments.shape(size)
        index = self._check_index(index, subgraph)
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
    def _check_strict(tensor: c.Tensor, current: tuple[int, ...], shape: tuple[int, ...]) -> None:
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
        return {key: {"inputs": list(signature.inputs), "outputs": list(signature.outputs)}
                for key, signature in self._signatures.items()}

    def _get_full_signature_list(self) -> dict[str, dict[str, dict[str, int]]]:
        """The same with the tensor index of each name."""
        return {key: {"inputs": dict(signature.inputs), "outputs": dict(signature.outputs)}
                for key, signature in self._signatures.items()}

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A function that runs a signature: takes arrays by name, returns a dict of arrays. Of a model
        without signatures, None is one that goes by the names of its tensors.

        Raises:
          ValueError: there is no such signature, it cannot run, or None when there are several.
        """
        if signature_key is None and not self._signatures:
            return SignatureRunner._by_tensor_names(self)
        if signature_key is None:
            if len(self._signatures) != 1:
                raise ValueError(
                    "SignatureDef signature_key is None and model has {0} Signatures. None is only "
                    "allowed when the model has 1 SignatureDef".format(len(self._signatures)))
            signature_key = next(iter(self._signatures))
        return SignatureRunner(interpreter=self, signature_key=signature_key)


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
        self._register(list(custom_op_registerers or []))
        super().__init__(**kwargs)

    def __getstate__(self) -> dict[str, typing.Any]:
        return dict(super().__getstate__(), registerers=self._registerers)

    def __setstate__(self, state: dict[str, typing.Any]) -> None:
        self._register(state["registerers"])
        super().__setstate__(state)

    def _register(self, registerers: list[str | typing.Callable[[int], object]]) -> None:
        operators = (c.Operator * len(registerers))()
        for operator, registerer in zip(operators, registerers):
            operator.struct_bytes = ctypes.sizeof(c.Operator)
            function = self._find(registerer) if isinstance(registerer, str) else registerer
            function(ctypes.addressof(operator))
        self._operators = operators if registerers else None
        self._registerers = registerers

    @staticmethod
    def _find(symbol: str) -> typing.Any:
        """A function of this process, or of a library that programs for TensorFlow Lite name."""
        name, library = symbol, typing.cast("str | None", None)
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
