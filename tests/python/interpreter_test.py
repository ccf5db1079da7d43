# SPDX-License-Identifier: Apache-2.0
"""The interpreter as users of tflite_runtime know it."""

import ctypes
import gc
import os
import threading
import unittest

import numpy as np
from models import loaded, path

from pipit import _library as library
from pipit import interpreter as pipit
from pipit import tf

Interpreter = pipit.Interpreter


PREPARE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)
RUN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


def prepare_double(_, node):
    """An operator with one element in and out."""
    shape = (ctypes.c_int32 * 1)(1)
    return library.lib.pipit_prepare_set_output(ctypes.c_void_p(node), 0, 1, shape)


def run_double(_, parameters, node):
    x, y = library.Tensor(), library.Tensor()
    library.lib.pipit_run_input(ctypes.c_void_p(node), 0, ctypes.byref(x))
    library.lib.pipit_run_output(ctypes.c_void_p(node), 0, ctypes.byref(y))
    number = ctypes.POINTER(ctypes.c_float)
    ctypes.cast(y.data, number)[0] = 2 * ctypes.cast(x.data, number)[0]
    return 0


def library_path():
    """Of a library without a delegate: Pipit's own."""
    return library.lib._name


def floats(*values):
    return np.array([values], np.float32)


class Construction(unittest.TestCase):

    def refuses(self, text, error=ValueError, **arguments):
        with self.assertRaises(error) as caught:
            Interpreter(**arguments)
        self.assertIn(text, str(caught.exception))
        return str(caught.exception)

    def test_path_as_text_and_as_path(self):
        for p in (path("add"), str(path("add")), os.fsencode(path("add"))):
            self.assertEqual(len(Interpreter(p).get_input_details()), 2)

    def test_bytes_wherever_they_lie(self):
        content = path("add").read_bytes()
        for shift in range(17):
            shifted = (b"x" * shift + content)[shift:]
            self.assertEqual(len(Interpreter(model_content=shifted).get_input_details()), 2)

    def test_wrong_arguments(self):
        good = str(path("add"))
        self.refuses("num_threads should >= 1", model_path=good, num_threads=0)
        self.refuses("type of num_threads should be int", model_path=good, num_threads=4.2)
        self.refuses("Unrecognized passed in op resolver type: test", model_path=good,
                     experimental_op_resolver_type="test")
        self.refuses("`model_path` or `model_content` must be specified.")
        self.refuses("Can't both provide `model_path` and `model_content`", model_path=good,
                     model_content=b"x")
        self.refuses("", error=TypeError, model_content=bytearray(path("add").read_bytes()))
        self.refuses("delegate", model_path=good, experimental_delegates=[object()])

    def test_wrong_models(self):
        self.refuses("Could not open 'totally_invalid_file_name'",
                     model_path="totally_invalid_file_name")
        self.refuses("The model is not a valid Flatbuffer buffer", model_content=b"short")
        damaged = bytearray(path("add").read_bytes())
        damaged[4:8] = b"XXXX"
        self.refuses("The model is not a valid Flatbuffer buffer", model_content=bytes(damaged))
        self.refuses("Didn't find op for builtin opcode 'DELEGATE' version '1'.",
                     model_path=path("unknown_builtin"))

    def test_custom_operators_that_nobody_has(self):
        for name, text in (("unknown", "Encountered unresolved custom op: nobody_has_this. Node "
                            "number 0 (nobody_has_this) failed to prepare."),
                           ("edgetpu", "Encountered unresolved custom op: edgetpu-custom-op: "
                            "compiled for a Coral Edge TPU: take the file without _edgetpu in its "
                            "name, or load its delegate. Node number 0 (edgetpu-custom-op) failed to "
                            "prepare.")):
            interpreter = Interpreter(path(name))
            self.assertEqual(len(interpreter.get_input_details()), 1)
            for _ in range(2):
                with self.assertRaises(RuntimeError) as caught:
                    interpreter.allocate_tensors()
                self.assertEqual(str(caught.exception), text)
            with self.assertRaisesRegex(RuntimeError, "not ready"):
                interpreter.invoke()
            with self.assertRaisesRegex(RuntimeError, "unresolved custom op"):
                interpreter.run([np.zeros(1, np.float32)])

    def test_a_custom_operator_of_any_name(self):
        with self.assertRaisesRegex((RuntimeError, ValueError), "op: it"):
            Interpreter(path("odd_name")).allocate_tensors()

    def test_messages_do_not_accumulate(self):
        texts = [self.refuses("", model_content=b"short" + bytes(n)) for n in (0, 1)]
        self.assertEqual(len(texts[0]), len(texts[1]))

    def test_every_resolver(self):
        for kind in pipit.OpResolverType:
            loaded("add", experimental_op_resolver_type=kind)
        self.assertEqual([k.value for k in pipit.OpResolverType], [0, 1, 2, 3])


class Details(unittest.TestCase):

    def test_keys_in_order(self):
        details = Interpreter(path("quantized")).get_input_details()
        self.assertEqual(len(details), 1)
        d = details[0]
        self.assertEqual(list(d), ["name", "index", "shape", "shape_signature", "dtype",
                                   "quantization", "quantization_parameters",
                                   "sparsity_parameters"])
        self.assertEqual((d["name"], d["index"], d["dtype"]), ("x", 0, np.uint8))
        self.assertEqual(d["shape"].tolist(), [1, 3])
        self.assertEqual(d["shape"].dtype, np.int32)
        self.assertEqual(d["quantization"], (0.5, 10))
        q = d["quantization_parameters"]
        self.assertEqual((q["scales"].tolist(), q["zero_points"].tolist()), ([0.5], [10]))
        self.assertEqual((q["scales"].dtype, q["quantized_dimension"]), (np.float32, 0))
        self.assertEqual(d["sparsity_parameters"], {})

    def test_without_quantization(self):
        d = Interpreter(path("add")).get_output_details()[0]
        self.assertEqual(d["quantization"], (0.0, 0))
        self.assertEqual(d["quantization_parameters"]["scales"].size, 0)
        self.assertEqual(d["shape_signature"].tolist(), [1, 4])

    def test_string_type_and_open_shape(self):
        self.assertEqual(Interpreter(path("strings")).get_input_details()[0]["dtype"], np.bytes_)
        d = Interpreter(path("open")).get_input_details()[0]
        self.assertEqual((d["shape"].tolist(), d["shape_signature"].tolist()), ([1, 2], [-1, 2]))

    def test_sparse_and_blockwise_constants(self):
        sparse, _, blocks = Interpreter(path("stored")).get_tensor_details()[2:]
        found = sparse["sparsity_parameters"]
        self.assertEqual(list(found), ["traversal_order", "block_map", "dim_metadata"])
        self.assertEqual(found["traversal_order"].tolist(), [0, 1])
        self.assertEqual(found["block_map"].tolist(), [])
        self.assertEqual(found["dim_metadata"][0], {"format": 0, "dense_size": 2})
        self.assertEqual(found["dim_metadata"][1]["format"], 1)
        self.assertEqual(found["dim_metadata"][1]["array_segments"].tolist(), [0, 1, 2])
        self.assertEqual(found["dim_metadata"][1]["array_indices"].tolist(), [2, 0])
        self.assertEqual(blocks["quantization_parameters"]["block_size"], 2)
        self.assertEqual(sparse["quantization_parameters"]["block_size"], 0)

    def test_all_tensors_of_each_subgraph(self):
        interpreter = Interpreter(path("signatures"))
        self.assertEqual(interpreter.num_subgraphs(), 2)
        self.assertEqual([d["name"] for d in interpreter.get_tensor_details(1)], ["a", "b", "y"])
        for wrong in (2, -1):
            with self.assertRaisesRegex(
                    ValueError, "subgraph_index is out of range: %d for the model, which has 2 "
                    "subgraphs." % wrong):
                interpreter.get_tensor_details(wrong)
        with self.assertRaisesRegex(ValueError, "Invalid tensor index 3 exceeds max tensor index 2"):
            interpreter._get_tensor_details(3, 0)
        with self.assertRaisesRegex(ValueError, "Invalid subgraph index 9 exceeds max"):
            interpreter._get_tensor_details(0, 9)

    def test_operators(self):
        ops = Interpreter(path("chain"))._get_ops_details()
        self.assertEqual([o["op_name"] for o in ops], ["ADD", "MUL"])
        self.assertEqual((ops[1]["inputs"].tolist(), ops[1]["outputs"].tolist()), ([2, 1], [3]))
        self.assertEqual(ops[0]["operand_types"], [np.float32, np.float32])
        with self.assertRaisesRegex(ValueError, "Invalid node index"):
            Interpreter(path("chain"))._get_op_details(2)


class Running(unittest.TestCase):

    def test_adds(self):
        interpreter = loaded("add")
        interpreter.set_tensor(0, floats(1, 2, 3, 4))
        interpreter.set_tensor(1, floats(10, 20, 30, 40))
        interpreter.invoke()
        result = interpreter.get_tensor(2)
        self.assertEqual(result.tolist(), [[11, 22, 33, 44]])
        result[:] = 0  # a copy
        self.assertEqual(interpreter.get_tensor(2).tolist(), [[11, 22, 33, 44]])

    def test_arrays_in_any_order_of_memory(self):
        interpreter = loaded("add")
        wide = np.arange(8, dtype=np.float32).reshape(1, 8)
        interpreter.set_tensor(0, wide[:, ::2])
        interpreter.set_tensor(1, wide[:, 1::2])
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2).tolist(), [[1, 5, 9, 13]])

    def test_not_ready(self):
        interpreter = Interpreter(path("add"))
        with self.assertRaisesRegex(RuntimeError, "Invoke called on model that is not ready."):
            interpreter.invoke()
        with self.assertRaisesRegex(ValueError, "Run allocate_tensors\\(\\) first"):
            interpreter.get_tensor(0)
        with self.assertRaisesRegex(
                ValueError, "Tensor is unallocated. Try calling allocate_tensors\\(\\) first"):
            interpreter.set_tensor(0, floats(1, 2, 3, 4))

    def test_wrong_values(self):
        interpreter = loaded("add")
        for value, text in (
            (floats(1, 2, 3, 4).astype(np.int8),
             "Cannot set tensor: Got value of type INT8 but expected type FLOAT32 for input 0, "
             "name: a "),
            (floats(1, 2, 3, 4)[0],
             "Cannot set tensor: Dimension mismatch. Got 1 but expected 2 for input 0."),
            (floats(1, 2, 3),
             "Cannot set tensor: Dimension mismatch. Got 3 but expected 4 for dimension 1 of input "
             "0."),
        ):
            with self.assertRaises(ValueError) as caught:
                interpreter.set_tensor(0, value)
            self.assertEqual(str(caught.exception), text)
        for call in (interpreter.set_tensor, lambda i, _: interpreter.get_tensor(i)):
            with self.assertRaisesRegex(ValueError,
                                        "Invalid tensor index 3 exceeds max tensor index 2"):
                call(3, floats(1))
        with self.assertRaisesRegex(ValueError, "Invalid subgraph index 1 exceeds max subgraph"):
            interpreter.get_tensor(0, 1)

    def test_a_failing_operator_is_named(self):
        interpreter = loaded("gather")
        interpreter.set_tensor(0, np.arange(4, dtype=np.float32))
        interpreter.set_tensor(1, np.array([1, 9], np.int32))
        for _ in range(2):
            with self.assertRaises(RuntimeError) as caught:
                interpreter.invoke()
            text = str(caught.exception)
            self.assertTrue(text.endswith("Node number 0 (GATHER) failed to invoke."), text)
            self.assertEqual(text.count("Node number"), 1)
        interpreter.set_tensor(1, np.array([1, 3], np.int32))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2).tolist(), [1, 3])

    def test_endless_loops_end(self):
        for limit in 10, 1234:
            interpreter = loaded("loop", max_calls=limit)
            for i in range(2):
                interpreter.set_tensor(i, np.int32(0))
            with self.assertRaisesRegex(RuntimeError, f"called subgraphs {limit} times: an endless"):
                interpreter.invoke()

    def test_shapes_known_only_while_running(self):
        interpreter = loaded("tile")
        interpreter.set_tensor(0, np.arange(1024, dtype=np.float32))
        for times in (3, 1, 500):
            interpreter.set_tensor(1, np.array([times], np.int32))
            interpreter.invoke()
            y = interpreter.get_tensor(2)
            self.assertEqual(y.shape, (1024 * times,))
            self.assertEqual(y[-1], 1023)
            self.assertEqual(interpreter.get_output_details()[0]["shape"].tolist(), [1024 * times])

    def test_strings(self):
        interpreter = loaded("strings")
        with self.assertRaisesRegex(RuntimeError, "Input tensor 0 lacks data"):
            interpreter.invoke()
        with self.assertRaisesRegex(ValueError, "Passed in value type is not a numpy array, got "
                                    "type list."):
            interpreter.set_tensor(0, [["a", "b"], ["c", "d"]])
        for value in (np.array([["a", "bc"], ["", "d\u00e9"]]),
                      np.array([[b"a", b"bc"], [b"", "d\u00e9".encode()]], object)):
            interpreter.set_tensor(0, value)
            self.assertEqual(interpreter.get_tensor(0).tolist(),
                             [[b"a", b"bc"], [b"", b"d\xc3\xa9"]])
            interpreter.invoke()
            self.assertEqual(interpreter.get_tensor(1).tolist(), [b"a", b"bc", b"", b"d\xc3\xa9"])

    def test_packed_numbers(self):
        interpreter = loaded("packed")
        self.assertEqual(interpreter.get_tensor(1).tolist(), [-1, -8, 7])
        values = np.array([[-8, 7, 0, -1, 3]], np.int8)
        interpreter.set_tensor(0, values)
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(0).tolist(), values.tolist())
        with self.assertRaisesRegex(ValueError, "Values for INT4 input must be between -8 and 7."):
            interpreter.set_tensor(0, values + 1)

    def test_no_elements(self):
        interpreter = loaded("empty")
        interpreter.set_tensor(0, np.empty((0, 2), np.float32))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(1).shape, (0, 2))

    def test_variables_return_to_zero(self):
        interpreter = loaded("lstm")

        def run():
            interpreter.set_tensor(0, np.ones((1, 1, 1), np.float32))
            interpreter.invoke()
            return float(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0, 0, 0])

        first, second = run(), run()
        self.assertNotEqual(first, second)
        interpreter.reset_all_variables()
        self.assertEqual(run(), first)

    def test_all_tensors_preserved(self):
        interpreter = loaded("chain", experimental_preserve_all_tensors=True)
        interpreter.set_tensor(0, floats(1, 2, 3, 4))
        interpreter.set_tensor(1, floats(2, 2, 2, 2))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2).tolist(), [[3, 4, 5, 6]])
        self.assertEqual(interpreter.get_tensor(3).tolist(), [[6, 8, 10, 12]])

    def test_threads_of_python(self):
        results = {}

        def work(number):
            interpreter = loaded("add", num_threads=1)
            for _ in range(50):
                interpreter.set_tensor(0, np.full((1, 4), number, np.float32))
                interpreter.set_tensor(1, floats(1, 1, 1, 1))
                interpreter.invoke()
            results[number] = float(interpreter.get_tensor(2)[0, 0])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(results, {n: n + 1.0 for n in range(4)})


class Views(unittest.TestCase):

    def test_read_and_write_without_a_copy(self):
        interpreter = loaded("add")
        a, b, y = (interpreter.tensor(i) for i in range(3))
        for i in range(3):
            a().fill(i)
            b().fill(1)
            interpreter.invoke()
            self.assertEqual(y().tolist(), [[i + 1.0] * 4])
        self.assertIsNot(a(), a())

    def test_a_view_that_is_held_stops_everything(self):
        interpreter = loaded("add")
        for make in (lambda: interpreter.tensor(0)(), lambda: interpreter.tensor(0)()[0, 1:]):
            held = make()
            self.assertFalse(interpreter._safe_to_run())
            for call in (interpreter.allocate_tensors, interpreter.invoke,
                         lambda: interpreter.resize_tensor_input(0, [1, 4])):
                with self.assertRaisesRegex(RuntimeError,
                                            "There is at least 1 reference to internal data"):
                    call()
            del held
            gc.collect()
            self.assertTrue(interpreter._safe_to_run())
            interpreter.invoke()

    def test_a_view_outlives_its_interpreter(self):
        interpreter = loaded("add")
        view = interpreter.tensor(0)()
        view.fill(7)
        interpreter.close()
        del interpreter
        gc.collect()
        self.assertEqual(view.tolist(), [[7.0] * 4])

    def test_closed(self):
        with loaded("add") as interpreter:
            interpreter.set_tensor(0, floats(1, 2, 3, 4))
        with self.assertRaisesRegex(RuntimeError, "not ready"):
            interpreter.invoke()


class Resizing(unittest.TestCase):

    def test_other_shapes(self):
        interpreter = loaded("open")
        for rows in (3, 1, 100):
            interpreter.resize_tensor_input(0, [rows, 2])
            self.assertEqual(interpreter.get_input_details()[0]["shape"].tolist(), [rows, 2])
            with self.assertRaisesRegex(RuntimeError, "not ready"):
                interpreter.invoke()
            interpreter.allocate_tensors()
            interpreter.set_tensor(0, np.ones((rows, 2), np.float32))
            interpreter.invoke()
            self.assertEqual(interpreter.get_tensor(1).tolist(), [[2, 2]] * rows)
            self.assertEqual(interpreter.get_input_details()[0]["shape_signature"].tolist(),
                             [-1, 2])

    def test_the_same_shape_changes_nothing(self):
        interpreter = loaded("open")
        interpreter.resize_tensor_input(0, [1, 2])
        interpreter.invoke()

    def test_strict(self):
        interpreter = loaded("open")
        interpreter.resize_tensor_input(0, [4, 2], strict=True)
        with self.assertRaisesRegex(
                RuntimeError, "Attempting to resize dimension 1 of tensor 0 with value 2 to 3. "
                "ResizeInputTensorStrict only allows mutating unknown dimensions identified by -1."):
            interpreter.resize_tensor_input(0, [4, 3], strict=True)

    def test_wrong_shapes(self):
        interpreter = loaded("packed")
        with self.assertRaisesRegex(ValueError, "Shape should be 1D instead of 2."):
            interpreter.resize_tensor_input(0, [[1, 2]])
        with self.assertRaisesRegex(RuntimeError, "Attempting to resize a fixed-size tensor."):
            interpreter.resize_tensor_input(1, [4])

    def test_a_refused_shape_names_the_node(self):
        interpreter = loaded("add")
        interpreter.resize_tensor_input(0, [1, 3])
        with self.assertRaisesRegex(RuntimeError, "Node number 0 \\(ADD\\) failed to prepare."):
            interpreter.allocate_tensors()
        interpreter.resize_tensor_input(0, [1, 4])
        interpreter.allocate_tensors()
        interpreter.invoke()


class Signatures(unittest.TestCase):

    def test_list(self):
        self.assertEqual(Interpreter(path("signatures")).get_signature_list(),
                         {"plus": {"inputs": ["a", "x"], "outputs": ["sum"]},
                          "minus": {"inputs": ["a", "x"], "outputs": ["difference"]}})
        self.assertEqual(Interpreter(path("add")).get_signature_list(), {})
        self.assertEqual(
            Interpreter(path("signatures"))._get_full_signature_list()["plus"]["inputs"],
            {"a": 0, "x": 1})

    def test_run(self):
        interpreter = Interpreter(path("signatures"))
        plus, minus = (interpreter.get_signature_runner(key) for key in ("plus", "minus"))
        for size in (4, 2, 0, 3):
            a, x = np.full((1, size), 5, np.float32), np.full((1, size), 3, np.float32)
            self.assertEqual(plus(a=a, x=x)["sum"].tolist(), [[8.0] * size])
            self.assertEqual(minus(x=x, a=a)["difference"].tolist(), [[2.0] * size])
        self.assertEqual(minus.get_input_details()["x"]["index"], 1)
        self.assertEqual(list(minus.get_output_details()), ["difference"])

    def test_wrong_use(self):
        interpreter = Interpreter(path("signatures"))
        runner, one = interpreter.get_signature_runner("plus"), floats(1, 2, 3, 4)
        for call, text in (
            (lambda: interpreter.get_signature_runner(),
             "SignatureDef signature_key is None and model has 2 Signatures. None is only allowed "
             "when the model has 1 SignatureDef"),
            (lambda: interpreter.get_signature_runner("no"),
             'Invalid signature_key provided: "no".'),
            (lambda: runner(a=one), "Invalid number of inputs provided for running a SignatureDef, "
             "expected 2 vs provided 1"),
            (lambda: runner(a=one, z=one), "Invalid Input name (z) for SignatureDef"),
            (lambda: pipit.SignatureRunner(), "None interpreter provided."),
            (lambda: pipit.SignatureRunner(interpreter), "None signature_key provided."),
        ):
            with self.assertRaises(ValueError) as caught:
                call()
            self.assertEqual(str(caught.exception), text)


class Extras(unittest.TestCase):

    def test_real_numbers(self):
        interpreter = loaded("quantized")
        self.assertEqual(interpreter.quantize(0, [[0, 1.5, 500]]).tolist(), [[10, 13, 255]])
        extremes = [[float("nan"), float("inf"), -float("inf")]]
        self.assertEqual(interpreter.quantize(0, extremes).tolist(), [[10, 255, 0]])
        self.assertEqual(interpreter.dequantize(1, [[-3, 7]]).tolist(), [[0, 10]])
        self.assertEqual(interpreter.run_float([[1, 2, 3]])[0].tolist(), [[1, 2, 3]])
        with self.assertRaisesRegex(ValueError, "not quantized"):
            loaded("add").quantize(0, [1])

    def test_profile(self):
        rows = loaded("chain").profile(runs=3)
        self.assertEqual([(r["node"], r["op_name"]) for r in rows], [(0, "ADD"), (1, "MUL")])
        self.assertTrue(all(r["seconds"] > 0 for r in rows))

    def test_memory(self):
        interpreter = Interpreter(path("open"))
        small = interpreter.required_arena_bytes
        interpreter.resize_tensor_input(0, [1000, 2])
        self.assertGreater(interpreter.required_arena_bytes, small + 8000)

    def test_operators_of_the_application(self):
        functions = []

        def register(address):
            operator = library.Operator.from_address(address)
            operator.name = b"nobody_has_this"
            functions.append(PREPARE(prepare_double))
            functions.append(RUN(run_double))
            operator.prepare, operator.run = (ctypes.cast(f, ctypes.c_void_p) for f in functions)

        interpreter = pipit.InterpreterWithCustomOps([register], model_path=path("unknown"))
        interpreter.allocate_tensors()
        interpreter.set_tensor(0, np.array([21], np.float32))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(1).tolist(), [42])
        self.assertEqual(interpreter._get_op_details(0)["op_name"], "nobody_has_this")

    def test_delegates_that_are_not_there(self):
        with self.assertRaises(OSError):
            pipit.load_delegate("no_such_library.so")
        with self.assertRaisesRegex(ValueError, "Looking up symbol 'no_such_symbol' failed"):
            pipit.InterpreterWithCustomOps(["no_such_symbol"], model_path=path("add"))
        with self.assertRaisesRegex(
                ValueError, "Loading library 'pywrap_genai_ops.so' failed with error "
                "'pywrap_genai_ops.so: cannot open shared object file: No such file or directory'"):
            pipit.InterpreterWithCustomOps(["pywrap_genai_ops.GenAIOpsRegisterer"],
                                           model_path=path("add"))

    def test_delegates(self):
        library = os.environ["PIPIT_TEST_DELEGATE"]
        delegate = pipit.load_delegate(library)
        interpreter = loaded("sums", experimental_delegates=[delegate])
        self.assertEqual(interpreter.delegation(),
                         [{"delegate": "sample", "subgraph": 0, "nodes": [0, 1]}])
        value = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
        interpreter.set_tensor(0, value)
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2).tolist(), (3 * value).tolist())
        with self.assertRaises(ValueError) as caught:
            pipit.load_delegate(library, {"no": 1})
        self.assertEqual(str(caught.exception),
                         "Failed to load delegate from %s\nno such accelerator" % library)
        refusing = Interpreter(path("sums"), experimental_delegates=[
            pipit.load_delegate(library, {"refuse": True})])
        with self.assertRaisesRegex(RuntimeError, "sample \\(operators 0-1\\): told to refuse"):
            refusing.allocate_tensors()
        with self.assertRaisesRegex(ValueError, "exports neither pipit_delegate_create nor"):
            pipit.load_delegate(library_path())

    def test_other_names_of_the_same(self):
        import ai_edge_litert.interpreter
        import tflite_runtime.interpreter
        for module in (tflite_runtime.interpreter, ai_edge_litert.interpreter):
            self.assertIs(module.Interpreter, Interpreter)
            self.assertIs(module.OpResolverType, pipit.OpResolverType)
        self.assertIs(tf.lite.Interpreter, Interpreter)
        self.assertIs(tf.lite.experimental.load_delegate, pipit.load_delegate)
        with self.assertRaisesRegex(AttributeError, "needs TensorFlow"):
            tf.keras.layers.Dense
        with self.assertRaisesRegex(AttributeError, "tf.lite.toco_convert needs TensorFlow"):
            tf.lite.toco_convert
        with self.assertRaisesRegex(AttributeError, "tf.function needs TensorFlow"):
            tf.function


if __name__ == "__main__":
    unittest.main()
