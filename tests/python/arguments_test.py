# SPDX-License-Identifier: Apache-2.0
"""What callers pass by mistake is named, whatever it is; and interpreters that are pickled and copied."""

import copy
import ctypes
import multiprocessing
import os
import pickle
import unittest

import numpy as np
from models import MODELS, loaded, path

from pipit import _library as library
from pipit import interpreter as pipit

EMULATED = "PIPIT_TEST_EMULATED" in os.environ


class Arguments(unittest.TestCase):

    def fails(self, error, text, call, *arguments, **named):
        with self.assertRaises(error) as caught:
            call(*arguments, **named)
        self.assertEqual(type(caught.exception), error)
        self.assertIn(text, str(caught.exception))

    def test_indices(self):
        interpreter, one = loaded("add"), np.ones((1, 4), np.float32)
        detail = interpreter.get_input_details()[0]
        calls = (lambda i: interpreter.set_tensor(i, one), interpreter.get_tensor,
                 lambda i: interpreter.tensor(i)(), lambda i: interpreter.resize_tensor_input(i, [1]),
                 lambda i: interpreter.quantize(i, one),
                 lambda i: interpreter._get_tensor_details(i, 0))
        for call in calls:
            self.fails(TypeError, 'should be an integer, not dict; details have it under "index"',
                       call, detail)
            for wrong in (None, "0", 1.0):
                self.fails(TypeError, "should be an integer, not " + type(wrong).__name__, call, wrong)
            for wrong in (2**31, 2**32, 2**64, -2**32):
                self.fails(ValueError, "Invalid tensor index %d exceeds" % wrong, call, wrong)
        interpreter.set_tensor(np.int64(0), one)
        self.fails(ValueError, "Invalid subgraph index 4294967296 exceeds", interpreter.get_tensor, 0,
                   2**32)
        self.fails(ValueError, "subgraph_index is out of range: 4294967296",
                   interpreter.get_tensor_details, 2**32)
        self.fails(TypeError, "subgraph_index should be an integer, not NoneType",
                   interpreter.get_tensor_details, None)
        self.fails(ValueError, "Invalid node index", interpreter._get_op_details, 2**32)

    def test_paths(self):
        for wrong in ("a\0b.tflite", b"a\0b.tflite"):
            self.fails(ValueError, "a path has no zero byte", pipit.Interpreter, wrong)
        self.fails(TypeError, "not dict", pipit.Interpreter, {"model_path": "x"})
        self.fails(TypeError, "not int", pipit.Interpreter, 5)
        self.fails(TypeError, "library should be the path of a shared library, not NoneType",
                   pipit.load_delegate, None)

    def test_numbers_of_the_constructor(self):
        good = path("add")
        for wrong in (-1, 2**64):
            self.fails(ValueError, "random_seed should be from 0 to 18446744073709551615, not %d"
                       % wrong, pipit.Interpreter, good, random_seed=wrong)
        for wrong in (0, -1, 2**63):
            self.fails(ValueError, "max_calls should be from 1 to", pipit.Interpreter, good,
                       max_calls=wrong)
        self.fails(TypeError, "max_calls should be an integer, not float", pipit.Interpreter, good,
                   max_calls=1.5)
        self.fails(TypeError, "random_seed should be an integer, not str", pipit.Interpreter, good,
                   random_seed="7")

    def test_lists_of_delegates(self):
        delegate = pipit.load_delegate(os.environ["PIPIT_TEST_DELEGATE"])
        self.fails(TypeError, "experimental_delegates should be a list of what load_delegate() "
                   "returned, not Delegate", pipit.Interpreter, path("add"),
                   experimental_delegates=delegate)
        self.fails(TypeError, "runs should be an integer, not str", loaded("add").profile, "5")

    def test_shapes(self):
        interpreter = loaded("open")
        resize = interpreter.resize_tensor_input
        for wrong in (2**31, 2**32 + 1, -1, 2**70):
            self.fails(ValueError, "a size of a shape should be from 0 to 2147483647, not %d" % wrong,
                       resize, 0, [wrong, 2])
        self.fails(ValueError, "Shape should be 1D instead of 0.", resize, 0, 3)
        self.fails(ValueError, "Shape has 9 dimensions; at most 8 are possible.", resize, 0, [1] * 9)
        for wrong in (["a", 2], [1.5, 2], [None, 2]):
            self.fails(TypeError, "a size of a shape should be an integer", resize, 0, wrong)
        for right in ([3.0, 2], np.array([3, 2]), np.array([3., 2.]), (np.int8(3), np.uint64(2))):
            resize(0, right)
            self.assertEqual(interpreter.get_input_details()[0]["shape"].tolist(), [3, 2])

    def test_values(self):
        interpreter = loaded("quantized")
        for wrong in (None, {"x": 1}):
            self.fails(TypeError, "the value should be an array of type UINT8, not "
                       + type(wrong).__name__, interpreter.set_tensor, 0, wrong)
        self.fails(ValueError, "Got value of type FLOAT32 but expected type UINT8 for input 0, name: "
                   "x Real numbers are for quantize() or run_float().", interpreter.set_tensor, 0,
                   np.ones((1, 3), np.float32))
        self.fails(ValueError, "Got value of type FLOAT64 but expected type UINT8 for input 0, name: "
                   "x Real numbers are for", interpreter.set_tensor, 0, [[0.5, 1, 2]])
        runner = pipit.Interpreter(path("signatures")).get_signature_runner("plus")
        self.fails(TypeError, "x should be an array, which has a shape, not list", runner,
                   a=np.ones((1, 4), np.float32), x=[1])

    def test_files_that_are_no_models(self):
        for content, text in ((b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
                              (b"\n<!DOCTYPE html><html></html>", "an HTML page"),
                              (b"\x89HDF\r\n\x1a\n" + bytes(8), "an HDF5 file"),
                              (b"\x08\x08\x12\x07pytorch", "an ONNX model")):
            self.fails(ValueError, "The model is not a valid Flatbuffer buffer: not a .tflite model: "
                       "it is " + text, pipit.Interpreter, model_content=content)


class Metadata(unittest.TestCase):

    def test_of_tools(self):
        self.assertEqual(pipit.Interpreter(path("described")).metadata(),
                         {"min_runtime_version": b"1.5.0\0", "empty": b""})
        self.assertEqual(pipit.Interpreter(path("add")).metadata(), {})


class DefaultSignature(unittest.TestCase):

    def test_of_models_without(self):
        interpreter = pipit.Interpreter(path("add"))
        runner = interpreter.get_signature_runner()
        one = np.ones((1, 4), np.float32)
        self.assertEqual(runner(a=one, b=2 * one)["y"].tolist(), [[3] * 4])
        self.assertEqual(list(runner.get_input_details()), ["a", "b"])
        self.assertEqual(interpreter.get_signature_list(), {})


PREPARE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(
    lambda _, node: library.lib.pipit_prepare_set_output(
        ctypes.c_void_p(node), 0, 1, (ctypes.c_int32 * 1)(1)))


def complete(address):
    """Of an operator that is planned, and never run."""
    operator = library.Operator.from_address(address)
    operator.name = b"nobody_has_this"
    operator.prepare = operator.run = ctypes.cast(PREPARE, ctypes.c_void_p)


class Named(pipit.Interpreter):

    def __init__(self, name):
        super().__init__(path(name))


def tripled(interpreter):
    """In another process."""
    value = np.full((3, 2), 2, np.float32)
    interpreter.set_tensor(0, value)
    interpreter.invoke()
    return interpreter.get_tensor(1).tolist()


class Pickling(unittest.TestCase):

    def test_by_path_and_by_content(self):
        for arguments in ({"model_path": str(path("open"))}, {"model_path": path("open")},
                          {"model_content": path("open").read_bytes()}):
            interpreter = pipit.Interpreter(**arguments, num_threads=1)
            self.assertIsNone(pickle.loads(pickle.dumps(interpreter))._plan)
            interpreter.resize_tensor_input(0, [3, 2])
            interpreter.allocate_tensors()
            for other in (pickle.loads(pickle.dumps(interpreter)), copy.copy(interpreter),
                          copy.deepcopy(interpreter)):
                self.assertEqual(tripled(other), [[4, 4]] * 3)
                self.assertIsNone(other._team)

    def test_a_path_is_small_and_holds_elsewhere(self):
        here = os.getcwd()
        try:
            os.chdir(MODELS)
            pickled = pickle.dumps(pipit.Interpreter("picture224.tflite"))
        finally:
            os.chdir(here)
        self.assertLess(len(pickled), 1000)
        pickle.loads(pickled).allocate_tensors()

    def test_signature_runners_and_delegates(self):
        runner = pipit.Interpreter(path("signatures")).get_signature_runner("plus")
        one = np.ones((1, 4), np.float32)
        self.assertEqual(pickle.loads(pickle.dumps(runner))(a=one, x=one)["sum"].tolist(), [[2] * 4])
        delegate = pipit.load_delegate(os.environ["PIPIT_TEST_DELEGATE"])
        interpreter = pickle.loads(pickle.dumps(loaded("sums", experimental_delegates=[delegate])))
        self.assertEqual(interpreter.delegation()[0]["delegate"], "sample")

    def test_subclasses(self):
        model = pipit.InterpreterWithCustomOps([complete], model_path=path("unknown"))
        model.allocate_tensors()
        self.assertIsNotNone(pickle.loads(pickle.dumps(model))._plan)
        self.assertEqual(pickle.loads(pickle.dumps(Named("open"))).num_subgraphs(), 1)

    @unittest.skipIf(EMULATED, "the emulator starts no programs of its own machine")
    def test_processes_of_every_kind(self):
        interpreter = loaded("open")
        interpreter.resize_tensor_input(0, [3, 2])
        interpreter.allocate_tensors()
        for kind in ("spawn", "forkserver", "fork"):
            with multiprocessing.get_context(kind).Pool(1) as pool:
                self.assertEqual(pool.apply(tripled, (interpreter,)), [[4, 4]] * 3, kind)


if __name__ == "__main__":
    unittest.main()
