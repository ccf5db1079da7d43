# SPDX-License-Identifier: Apache-2.0
"""Values of every type and shape on their way in and out, and what is refused."""

import unittest

import numpy as np
from models import loaded, path

from pipit import Interpreter


class Case(unittest.TestCase):

    def fails(self, error, text, call):
        with self.assertRaises(error) as caught:
            call()
        self.assertEqual(str(caught.exception), text)


class Types(Case):

    VALUES = {
        np.bool_: [True, False], np.complex64: [1 + 2j, -1j], np.complex128: [1 + 2j, -1j],
        np.float16: [1.5, -2], np.float32: [1.5, -2], np.float64: [1.5, -2]}

    def test_each_goes_in_and_comes_out(self):
        interpreter = loaded("types")
        details = interpreter.get_input_details()
        self.assertEqual(len(details), 19)
        for detail in details:
            value = np.array(self.VALUES.get(detail["dtype"], [1, 0]), detail["dtype"])
            interpreter.set_tensor(detail["index"], value)
            result = interpreter.get_tensor(detail["index"])
            self.assertEqual((result.dtype, result.tolist()), (value.dtype, value.tolist()))

    def test_others_are_refused_by_name(self):
        interpreter = loaded("types")
        for detail in interpreter.get_input_details():
            wrong = np.array([1, 0], np.int16 if detail["dtype"] != np.int16 else np.int8)
            self.fails(ValueError, "Cannot set tensor: Got value of type %s but expected type %s for "
                       "input %d, name: %s " % (wrong.dtype.name.upper(), detail["name"].upper(),
                                                detail["index"], detail["name"]),
                       lambda: interpreter.set_tensor(detail["index"], wrong))

    def test_ranges_of_packed_types(self):
        interpreter = loaded("types")
        for name, low, high in (("int4", -8, 7), ("uint4", 0, 15), ("int2", -2, 1)):
            detail = next(d for d in interpreter.get_input_details() if d["name"] == name)
            values = np.array([low, high], detail["dtype"])
            interpreter.set_tensor(detail["index"], values)
            self.assertEqual(interpreter.get_tensor(detail["index"]).tolist(), [low, high])
            for wrong in ({low - 1, high + 1} - {-1}):
                self.fails(ValueError, "Cannot set tensor: Values for %s input must be between %d and "
                           "%d." % (name.upper(), low, high), lambda: interpreter.set_tensor(
                               detail["index"], np.array([low, wrong], detail["dtype"])))

    def test_bytes_of_tiny_floats_with_and_without_a_sign(self):
        interpreter = loaded("types")
        index = next(d["index"] for d in interpreter.get_input_details()
                     if d["name"] == "float8e5m2")
        interpreter.set_tensor(index, np.array([0x80, 1], np.uint8))
        self.assertEqual(interpreter.get_tensor(index).tolist(), [-128, 1])

    def test_what_numpy_cannot_hold(self):
        interpreter = loaded("types")
        rest = interpreter.get_tensor_details()[19:]
        self.assertEqual([(d["name"], d["dtype"]) for d in rest],
                         [("resource", np.object_), ("variant", np.object_)])
        for index in (19, 20, 21):
            self.fails(ValueError, "Unknown tensor type.", lambda: interpreter.get_tensor(index))


class Shapes(Case):

    def test_single_numbers(self):
        interpreter = loaded("scalar")
        interpreter.set_tensor(0, np.float32(4))
        interpreter.invoke()
        result = interpreter.get_tensor(1)
        self.assertIsInstance(result, np.float32)
        self.assertEqual(result, 8)
        view = interpreter.tensor(1)()
        self.assertEqual((view.shape, float(view)), ((), 8))

    def test_sparse_constants_as_they_are_stored(self):
        self.assertEqual(Interpreter(path("stored")).get_tensor(2).tolist(), [5, 7])

    def test_lists_are_arrays_of_their_own_type(self):
        interpreter = loaded("gather")
        self.fails(ValueError, "Cannot set tensor: Got value of type FLOAT64 but expected type "
                   "FLOAT32 for input 0, name: x ", lambda: interpreter.set_tensor(0, [1.0] * 4))
        interpreter.set_tensor(1, [np.int32(1), np.int32(2)])
        self.assertEqual(interpreter.get_tensor(1).tolist(), [1, 2])

    def test_indices_and_shapes_of_numpy(self):
        interpreter = loaded("open")
        index = np.int64(interpreter.get_input_details()[0]["index"])
        interpreter.resize_tensor_input(index, np.array([3, 2], np.int64))
        interpreter.allocate_tensors()
        interpreter.set_tensor(index, np.ones((3, 2), np.float32))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(np.int32(1)).shape, (3, 2))
        self.assertEqual(interpreter.tensor(index)().shape, (3, 2))


class Strings(Case):

    def test_one_without_a_shape_and_text_of_any_kind(self):
        interpreter = loaded("strings")
        value = np.array([["\u00e4", b"\0x"], ["", "d"]], object)
        interpreter.set_tensor(0, value)
        self.assertEqual(interpreter.get_tensor(0).tolist(),
                         [["\u00e4".encode(), b"\0x"], [b"", b"d"]])

    def test_others_are_refused(self):
        interpreter = loaded("strings")
        self.fails(ValueError, "Cannot set tensor: strings are str or bytes, got int.",
                   lambda: interpreter.set_tensor(0, np.array([["a", 5], ["b", "c"]], object)))
        self.fails(ValueError, "Cannot set tensor: Got value of type FLOAT32 but expected type STRING "
                   "for input 0, name: s ",
                   lambda: interpreter.set_tensor(0, np.zeros((2, 2), np.float32)))


class Arguments(Case):

    def test_empty_ones_are_none(self):
        content = path("add").read_bytes()
        for arguments in (dict(model_path=path("add"), model_content=b""),
                          dict(model_path="", model_content=content)):
            self.assertEqual(len(Interpreter(**arguments).get_input_details()), 2)
        for arguments in ({}, dict(model_path=""), dict(model_content=b"")):
            self.fails(ValueError, "`model_path` or `model_content` must be specified.",
                       lambda: Interpreter(**arguments))

    def test_all_of_the_original(self):
        interpreter = Interpreter(
            model_path=path("add"), model_content=None, experimental_delegates=[], num_threads=2,
            experimental_preserve_all_tensors=True, experimental_disable_delegate_clustering=True,
            experimental_default_delegate_latest_features=True,
            experimental_compress_quantization_zero_points=True,
            experimental_disable_delegate_node_fusion=True,
            experimental_force_delegate_node_profiling=True)
        self.assertTrue(interpreter.experimental_compress_quantization_zero_points)
        self.assertIsNone(interpreter._native_handle())
        interpreter.allocate_tensors()
        self.assertGreater(interpreter._native_handle(), 0)
        self.assertIsNone(interpreter.invoke())
        self.assertIsNone(interpreter.reset_all_variables())

    def test_constants_can_be_read_at_once(self):
        self.assertEqual(Interpreter(path("packed")).get_tensor(1).tolist(), [-1, -8, 7])

    def test_constants_cannot_be_written(self):
        interpreter = loaded("packed")
        self.fails(ValueError, "Cannot set tensor: tensor 1 is a constant.",
                   lambda: interpreter.set_tensor(1, np.zeros(3, np.int8)))


class Messages(Case):

    def test_they_do_not_accumulate(self):
        interpreter, texts = loaded("gather"), []
        interpreter.set_tensor(1, np.array([0, 7], np.int32))
        for _ in range(3):
            with self.assertRaises(RuntimeError) as caught:
                interpreter.invoke()
            texts.append(str(caught.exception))
        self.assertEqual(len(set(texts)), 1)
        self.assertIn("Node number 0 (GATHER) failed to invoke.", texts[0])

    def test_subgraphs_that_are_not_there(self):
        interpreter = loaded("add")
        for index in (1, -1, 3):
            self.fails(ValueError, "subgraph_index is out of range: %d for the model, which has 1 "
                       "subgraphs." % index, lambda: interpreter.get_tensor_details(index))
            self.fails(ValueError, "Invalid subgraph index %d exceeds max subgraph index 0" % index,
                       lambda: interpreter._get_tensor_details(0, index))


if __name__ == "__main__":
    unittest.main()
