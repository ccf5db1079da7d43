# SPDX-License-Identifier: Apache-2.0
"""What programs rely on without thinking of it: names, arguments, warnings, what is copied and what
may be called when."""

import gc
import importlib
import inspect
import os
import unittest
import warnings

import numpy as np
from models import DIGITS, loaded, path

from pipit import interpreter as pipit
from pipit import tf

Kind = pipit.OpResolverType


class Names(unittest.TestCase):

    def test_of_the_modules(self):
        for module in ("tflite_runtime.interpreter", "ai_edge_litert.interpreter"):
            found = importlib.import_module(module)
            for name in ("Interpreter", "InterpreterWithCustomOps", "SignatureRunner", "Delegate",
                         "load_delegate", "OpResolverType"):
                self.assertIs(getattr(found, name), getattr(pipit, name))
        for name in ("Delegate", "OpResolverType", "load_delegate"):
            self.assertIs(getattr(tf.lite.experimental, name), getattr(pipit, name))

    def test_of_the_resolvers(self):
        self.assertEqual([(k.name, k.value) for k in Kind],
                         [("AUTO", 0), ("BUILTIN", 1), ("BUILTIN_REF", 2),
                          ("BUILTIN_WITHOUT_DEFAULT_DELEGATES", 3)])

    def test_of_the_arguments_in_their_order(self):
        def arguments(function):
            return [(p.name, p.default) for p in inspect.signature(function).parameters.values()
                    if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]

        none = inspect.Parameter.empty
        self.assertEqual(arguments(pipit.Interpreter), [
            ("model_path", None), ("model_content", None), ("experimental_delegates", None),
            ("num_threads", None), ("experimental_op_resolver_type", Kind.AUTO),
            ("experimental_preserve_all_tensors", False),
            ("experimental_disable_delegate_clustering", False),
            ("experimental_default_delegate_latest_features", False),
            ("experimental_compress_quantization_zero_points", False),
            ("experimental_disable_delegate_node_fusion", False),
            ("experimental_force_delegate_node_profiling", False)])
        for function, wanted in (
            ("set_tensor", [("tensor_index", none), ("value", none)]),
            ("get_tensor", [("tensor_index", none), ("subgraph_index", 0)]),
            ("tensor", [("tensor_index", none)]),
            ("get_tensor_details", [("subgraph_index", 0)]),
            ("resize_tensor_input", [("input_index", none), ("tensor_size", none),
                                     ("strict", False)]),
            ("get_signature_runner", [("signature_key", None)]),
        ):
            self.assertEqual(arguments(getattr(pipit.Interpreter, function)), wanted)
        self.assertEqual(arguments(pipit.SignatureRunner),
                         [("interpreter", None), ("signature_key", None)])
        self.assertEqual(arguments(pipit.load_delegate), [("library", none), ("options", None)])

    def test_all_that_is_public_has_types_and_a_text(self):
        for kind in (pipit.Interpreter, pipit.SignatureRunner):
            for name, function in inspect.getmembers(kind, inspect.isfunction):
                if not name.startswith("_"):
                    self.assertIn("return", function.__annotations__, name)
                    self.assertTrue(function.__doc__, name)


class Warnings(unittest.TestCase):

    @staticmethod
    def said(**options):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            pipit.Interpreter(path("add"), **options)
        return [(w.filename, str(w.message)) for w in caught]

    def test_memory_for_all_tensors(self):
        for kind in (Kind.AUTO, Kind.BUILTIN):
            (where, text), = self.said(experimental_preserve_all_tensors=True,
                                       experimental_op_resolver_type=kind)
            self.assertEqual(where, __file__)
            self.assertIn("takes more memory", text)
        for kind in (Kind.BUILTIN_REF, Kind.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
            self.assertEqual(self.said(experimental_preserve_all_tensors=True,
                                       experimental_op_resolver_type=kind), [])

    # The original says that it will be removed; this one stays.
    def test_no_other(self):
        self.assertEqual(self.said(), [])


class Arguments(unittest.TestCase):

    def fails(self, error, text, call):
        with self.assertRaises(error) as caught:
            call()
        self.assertEqual(str(caught.exception), text)

    def test_content_is_bytes_and_kept(self):
        content = path("add").read_bytes()
        for wrong in (bytearray(content), memoryview(content)):
            self.fails(TypeError, "model_content must be bytes, not " + type(wrong).__name__,
                       lambda: pipit.Interpreter(model_content=wrong))
        interpreter = pipit.Interpreter(model_content=bytes(bytearray(content)))
        gc.collect()
        interpreter.allocate_tensors()
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2).tolist(), [[0] * 4])

    def test_files_that_cannot_be_opened(self):
        for name, why in (("/", "is a directory"), (os.devnull, "is not a regular file"),
                          ("no_such_file", "No such file or directory")):
            self.fails(ValueError, "Could not open '%s': %s" % (name, why),
                       lambda: pipit.Interpreter(name))

    def test_any_number_of_threads(self):
        for many in (65, 2**31, 2**70):
            loaded("add", num_threads=many).invoke()
        for few in (0, -1):
            self.fails(ValueError, "num_threads should >= 1",
                       lambda: pipit.Interpreter(path("add"), num_threads=few))

    def test_none_of_the_calls_returns_anything(self):
        interpreter = pipit.Interpreter(path("open"))
        for call in (interpreter.allocate_tensors, interpreter.invoke,
                     interpreter.reset_all_variables, interpreter.close,
                     lambda: interpreter.resize_tensor_input(0, [2, 2]),
                     interpreter.allocate_tensors,
                     lambda: interpreter.set_tensor(0, np.zeros((2, 2), np.float32))):
            self.assertIsNone(call())

    def test_indices_that_are_not_there(self):
        interpreter = loaded("add")
        for index in (-1, 3):
            for call in (lambda: interpreter.tensor(index)(),
                         lambda: interpreter.get_tensor(index),
                         lambda: interpreter.set_tensor(index, np.zeros((1, 4), np.float32)),
                         lambda: interpreter.resize_tensor_input(index, [1, 4])):
                self.fails(ValueError,
                           "Invalid tensor index %d exceeds max tensor index 2" % index, call)
            self.fails(ValueError, "Invalid node index",
                       lambda: interpreter._get_op_details(index))
        self.fails(ValueError, "Tensor data is null. Run allocate_tensors() first",
                   lambda: pipit.Interpreter(path("add")).tensor(0)())

    def test_strict_shapes_keep_the_number_of_dimensions(self):
        interpreter = loaded("open")
        self.fails(RuntimeError, "Attempting to resize tensor 0 with 2 dimensions to 3. "
                   "ResizeInputTensorStrict only allows mutating unknown dimensions identified by "
                   "-1.", lambda: interpreter.resize_tensor_input(0, [1, 2, 1], strict=True))
        interpreter.resize_tensor_input(0, [2, 1, 2])
        self.fails(RuntimeError, "Attempting to resize dimension 2 of tensor 0 with value 2 to 3. "
                   "ResizeInputTensorStrict only allows mutating unknown dimensions identified by "
                   "-1.", lambda: interpreter.resize_tensor_input(0, [4, 1, 3], strict=True))

    def test_profiles_need_a_run(self):
        self.fails(ValueError, "runs should be >= 1, not 0", lambda: loaded("add").profile(0))


class Details(unittest.TestCase):

    def test_several_scales(self):
        interpreter = pipit.Interpreter(DIGITS / "digits_int8.tflite")
        details = next(d for d in interpreter.get_tensor_details()
                       if d["quantization_parameters"]["scales"].size > 1)
        q = details["quantization_parameters"]
        self.assertEqual(list(q), ["scales", "zero_points", "quantized_dimension", "block_size"])
        self.assertEqual(details["quantization"], (0.0, 0))
        self.assertEqual(q["scales"].size, details["shape"][q["quantized_dimension"]])
        self.assertEqual((q["scales"].dtype, q["zero_points"].dtype), (np.float32, np.int32))
        self.assertEqual(q["zero_points"].tolist(), [0] * q["scales"].size)

    def test_operands_that_are_left_out(self):
        op, = pipit.Interpreter(path("lstm"))._get_ops_details()
        self.assertEqual(list(op), ["index", "op_name", "inputs", "outputs", "operand_types",
                                    "result_types"])
        self.assertIn(-1, op["inputs"])
        self.assertEqual(op["inputs"].dtype, np.int32)
        self.assertEqual(len(op["operand_types"]), np.sum(op["inputs"] >= 0))


class Copies(unittest.TestCase):

    def test_values_can_be_set_and_variables_reset_while_a_view_is_held(self):
        interpreter = loaded("add")
        held = interpreter.tensor(0)()
        interpreter.set_tensor(0, np.full((1, 4), 5, np.float32))
        self.assertEqual(held.tolist(), [[5] * 4])
        interpreter.reset_all_variables()

    def test_signatures_run_while_a_view_is_held(self):
        interpreter = loaded("signatures")
        run = interpreter.get_signature_runner("plus")
        held = interpreter.tensor(0)()
        held.fill(7)
        for size in (held.shape[1], 2):
            one = np.ones((1, size), np.float32)
            result = run(a=one, x=one)["sum"]
            self.assertEqual(result.tolist(), [[2] * size])
            result.fill(0)
            self.assertEqual(run(a=one, x=one)["sum"].tolist(), [[2] * size])
        self.assertEqual(held.shape, (1, 4))

    def test_a_single_string_keeps_all_its_bytes(self):
        interpreter = loaded("text")
        for value, raw in ((np.array(b"a\0\0"), b"a\0\0"), (np.array("\u00e4"), "\u00e4".encode()),
                           (np.array(b"b\0", object), b"b\0")):
            interpreter.set_tensor(0, value)
            result = interpreter.get_tensor(0)
            self.assertEqual((result.shape, result.dtype, result.item()), ((), object, raw))


if __name__ == "__main__":
    unittest.main()
