# SPDX-License-Identifier: Apache-2.0
"""tf.lite.TFLiteConverter, and what programs set on it, without TensorFlow."""

from __future__ import annotations

import enum
import operator
import os
import shutil
import tempfile
import typing

import numpy as np

from .format.graph import ConvertError, Model
from .quantization.quantize import Settings, quantize
from .readers.source import kind_of, read
from .result import content_of
from .rewriting.rewrite import rewrite

Path = typing.Union[str, "os.PathLike[str]"]
Read = typing.Callable[[], Model]


class Optimize(enum.Enum):
    """What a converter may do to a model; all but EXPERIMENTAL_SPARSITY mean the same."""

    DEFAULT = "DEFAULT"
    OPTIMIZE_FOR_SIZE = "OPTIMIZE_FOR_SIZE"
    OPTIMIZE_FOR_LATENCY = "OPTIMIZE_FOR_LATENCY"
    EXPERIMENTAL_SPARSITY = "EXPERIMENTAL_SPARSITY"


class OpsSet(enum.Enum):
    """Operators that the result may have."""

    TFLITE_BUILTINS = "TFLITE_BUILTINS"
    SELECT_TF_OPS = "SELECT_TF_OPS"
    TFLITE_BUILTINS_INT8 = "TFLITE_BUILTINS_INT8"
    EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8 = (
        "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8")
    EXPERIMENTAL_STABLEHLO_OPS = "EXPERIMENTAL_STABLEHLO_OPS"


_INT16X8 = OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8


class RepresentativeDataset:
    """A generator of samples: a function that gives an iterator over inputs."""

    def __init__(self, input_gen: typing.Callable[[], typing.Iterable[typing.Any]]) -> None:
        self.input_gen = input_gen


class TargetSpec:
    """What the result is for: operators, and types of numbers."""

    def __init__(self, supported_ops: typing.Iterable[OpsSet] | None = None,
                 supported_types: typing.Iterable[typing.Any] | None = None,
                 experimental_select_user_tf_ops: typing.Any = None,
                 experimental_supported_backends: typing.Any = None) -> None:
        self.supported_ops = set(supported_ops or {OpsSet.TFLITE_BUILTINS})
        self.supported_types = set(supported_types or ())
        self.experimental_select_user_tf_ops = experimental_select_user_tf_ops
        self.experimental_supported_backends = experimental_supported_backends


class _Samples:
    """A representative dataset's samples, read anew each time."""

    def __init__(self, given: typing.Any) -> None:
        generate = getattr(given, "input_gen", given)
        if not callable(generate) and not hasattr(generate, "__iter__"):
            raise ValueError("The provided representative dataset is %r: it is a function that "
                             "yields lists of arrays" % (given,))
        self._generate = generate

    def __iter__(self) -> typing.Iterator[typing.Any]:
        return iter(self._generate() if callable(self._generate) else self._generate)

    def __length_hint__(self) -> int:
        return operator.length_hint(self._generate)


class TFLiteConverter:
    """Converts a model to the bytes of a .tflite file, as its attributes say."""

    def __init__(self, source: Read) -> None:
        self._read = source
        self.optimizations: typing.Iterable[Optimize] = []
        self.representative_dataset: typing.Any = None
        self.target_spec = TargetSpec()
        self.inference_input_type: typing.Any = np.float32
        self.inference_output_type: typing.Any = np.float32
        # What programs set, and nothing here depends on.
        self.allow_custom_ops = False
        self.exclude_conversion_metadata = False
        self.experimental_new_converter = True
        self.experimental_new_quantizer = True
        self.experimental_enable_resource_variables = True

    # ---- where a model comes from

    @classmethod
    def from_keras_model(cls, model: typing.Any) -> TFLiteConverter:
        """A live Keras object, saved through its own save(); or the file of one."""
        if isinstance(model, (str, os.PathLike)):
            return cls.from_keras_model_file(model)
        if not callable(getattr(model, "save", None)):
            raise TypeError("%r is no Keras model: it has no save()" % (model,))
        return cls(lambda: _through_save(model))

    @classmethod
    def from_keras_model_file(cls, path: Path) -> TFLiteConverter:
        return cls(lambda: read(path))

    @classmethod
    def from_saved_model(cls, saved_model_dir: Path, signature_keys: typing.Any = None,
                         tags: typing.Any = None) -> TFLiteConverter:
        if not os.path.isdir(saved_model_dir):
            raise OSError("SavedModel file does not exist at: %s" % os.fspath(saved_model_dir))
        keys = list(signature_keys) if signature_keys else None
        if keys is None and kind_of(saved_model_dir) == "saved-model":
            keys = ["serving_default"]
        wanted = None if tags is None else sorted(tags)
        return cls(lambda: read(saved_model_dir, None, keys, tags=wanted))

    @classmethod
    def from_concrete_functions(cls, funcs: typing.Any = None,
                                trackable_obj: typing.Any = None) -> TFLiteConverter:
        raise ConvertError(
            "from_concrete_functions needs TensorFlow, which alone can trace Python: save the model "
            "(model.save('model.keras'), or tf.saved_model.save(model, 'folder') where TensorFlow "
            "is) and use from_keras_model or from_saved_model")

    from_session = from_concrete_functions
    from_frozen_graph = from_concrete_functions

    # ---- what becomes of it

    def convert(self) -> bytes:
        settings = self._settings()
        model = self._read()
        rewrite(model)
        if settings is not None:
            samples = None if self.representative_dataset is None else _Samples(
                self.representative_dataset)
            model, _ = quantize(model, settings, samples)
        return content_of(model)

    def _settings(self) -> Settings | None:
        """As TensorFlow's documentation has it; None: floats."""
        scheme = self._scheme()
        ends = [_type_name(value, name) for value, name in (
            (self.inference_input_type, "inference_input_type"),
            (self.inference_output_type, "inference_output_type"))]
        if scheme not in ("int8", "int16x8"):
            if ends != ["FLOAT32", "FLOAT32"]:
                raise ValueError("The inference_input_type and inference_output_type must be "
                                 "tf.float32.")
            return None if scheme == "" else Settings(scheme=scheme)
        allowed = ("FLOAT32", "INT8", "UINT8") if scheme == "int8" else ("FLOAT32", "INT16")
        if any(end not in allowed for end in ends):
            raise ValueError("The inference_input_type and inference_output_type must be in %s."
                             % ["tf." + name.lower() for name in allowed])
        return Settings(scheme=scheme, input_type=ends[0], output_type=ends[1],
                        only_integers=self._only_integers())

    def _scheme(self) -> str:
        types = {_type_name(value, "supported_types") for value in self.target_spec.supported_types}
        wanted = {each for each in self.optimizations if each != Optimize.EXPERIMENTAL_SPARSITY}
        if not wanted:
            return ""
        if types == {"FLOAT16"}:
            return "float16"
        if _INT16X8 in self.target_spec.supported_ops:
            self._need_samples(_INT16X8.name)
            return "int16x8"
        if self.representative_dataset is not None:
            return "int8"
        if self._only_integers():
            self._need_samples("TFLITE_BUILTINS_INT8 or INT8 supported types")
        return "dynamic"

    def _need_samples(self, why: str) -> None:
        if self.representative_dataset is None:
            raise ValueError("representative_dataset is required when specifying %s." % why)

    def _only_integers(self) -> bool:
        types = {_type_name(value, "supported_types") for value in self.target_spec.supported_types}
        floats = {OpsSet.TFLITE_BUILTINS, OpsSet.SELECT_TF_OPS}
        integers = {OpsSet.TFLITE_BUILTINS_INT8, _INT16X8}
        ops = set(self.target_spec.supported_ops)
        return types == {"INT8"} or bool(ops & integers and not ops & floats)


def _type_name(value: typing.Any, where: str) -> str:
    try:
        return str(np.dtype(getattr(value, "as_numpy_dtype", value)).name).upper()
    except TypeError:
        raise ValueError("%s: %r is no type" % (where, value)) from None


def _through_save(model: typing.Any) -> Model:
    """Saved where nobody looks, in the newest form that the object's Keras knows."""
    with tempfile.TemporaryDirectory(prefix="pipit-") as folder:
        failure: Exception = ConvertError("it saved nothing")
        for name in ("model.keras", "model.h5"):
            path = os.path.join(folder, name)
            try:
                model.save(path)
            except Exception as error:  # whatever its Keras raises for a form that it lacks
                failure = error
                continue
            if os.path.exists(path):
                return read(path)
        raise ConvertError("the model's own save() fails: %s" % failure) from failure


class KerasFile:
    """A Keras model that is still in its file: what tf.keras.models.load_model() gives. It can be
    converted and saved; what trains or runs it is Keras."""

    def __init__(self, path: Path) -> None:
        kind = kind_of(path)
        if kind == "onnx" or kind == "tflite":
            raise ConvertError("%s is no Keras model" % os.fspath(path))
        self._path = os.path.abspath(os.fspath(path))

    def save(self, path: Path) -> None:
        """Copies the file; a name without an ending is that of a folder."""
        if os.path.isdir(self._path):
            shutil.copytree(self._path, path)
        elif os.path.splitext(os.fspath(path))[1]:
            shutil.copyfile(self._path, path)
        else:
            os.makedirs(path, exist_ok=True)
            shutil.copyfile(self._path, os.path.join(path, "model.keras"))

    def __getattr__(self, name: str) -> typing.Any:
        raise AttributeError("a model that pipit.tf loaded can be converted; %s needs Keras" % name)


def save_model(model: typing.Any, folder: Path) -> None:
    """tf.saved_model.save(): by the model's own export() where it has one, and otherwise what
    from_saved_model() here reads as well."""
    export = getattr(model, "export", None)
    if callable(export):
        export(os.fspath(folder))
        return
    if not callable(getattr(model, "save", None)):
        raise TypeError("%r is no Keras model: it has neither export() nor save()" % (model,))
    os.makedirs(folder, exist_ok=True)
    model.save(os.path.join(folder, "model.keras"))
