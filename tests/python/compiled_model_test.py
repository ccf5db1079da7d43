# SPDX-License-Identifier: Apache-2.0
"""LiteRT's compiled models and tensor buffers, as its samples use them."""

import unittest

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel, HardwareAccelerator
from ai_edge_litert.environment import Environment
from ai_edge_litert.options import CpuKernelMode, CpuOptions, Options
from ai_edge_litert.tensor_buffer import TensorBuffer
from models import path


def loaded(name, *arguments, **options):
    return CompiledModel.from_file(str(path(name)), *arguments, **options)


def floats(*values):
    return np.array(values, np.float32)


class Running(unittest.TestCase):

    def test_by_index(self):
        model = loaded("add")
        inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
        inputs[0].write(floats(1, 2, 3, 4))
        inputs[1].write(floats(10, 20, 30, 40))
        model.run_by_index(0, inputs, outputs)
        size = model.get_output_buffer_requirements(0, 0)["buffer_size"] // 4
        self.assertEqual(outputs[0].read(size, np.float32).tolist(), [11, 22, 33, 44])
        self.assertEqual(outputs[0].read(2, np.float32).tolist(), [11, 22])
        self.assertTrue(model.is_fully_accelerated())

    def test_by_name(self):
        model = loaded("signatures")
        for key, output, wanted in (("plus", "sum", [4] * 4), ("minus", "difference", [2] * 4)):
            inputs = {name: model.create_input_buffer_by_name(key, name) for name in ("a", "x")}
            outputs = {output: model.create_output_buffer_by_name(key, output)}
            inputs["a"].write(floats(3, 3, 3, 3).reshape(2, 2))
            inputs["x"].write(floats(1, 1, 1, 1))
            model.run_by_name(key, inputs, outputs)
            self.assertEqual(outputs[output].read(4, np.float32).tolist(), wanted)

    def test_memory_of_the_caller(self):
        model, mine = loaded("add"), floats(1, 2, 3, 4)
        first, second = TensorBuffer.create_from_host_memory(mine), model.create_input_buffers(0)[1]
        into = np.zeros((1, 4), np.float32)
        output = TensorBuffer.create_from_host_memory(into)
        for _ in range(2):
            model.run_by_index(0, [first, second], [output])
            self.assertEqual(into.tolist(), [mine.tolist()])
            mine += 5

    def test_a_buffer_that_goes_in_and_comes_out(self):
        model = loaded("one_row")
        state = model.create_input_buffers(0)[0]
        state.write(floats(1, 2, 3))
        for _ in range(3):
            model.run_by_index(0, [state], [state])
        self.assertEqual(state.read(3, np.float32).tolist(), [8, 16, 24])

    def test_from_bytes_and_closed(self):
        content = path("add").read_bytes()
        with CompiledModel.from_buffer(content) as model:
            self.assertEqual(model.get_num_signatures(), 1)

    def test_other_shapes(self):
        model = loaded("open")
        model.resize_input_tensor(0, [3, 2])
        inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
        self.assertEqual(inputs[0].get_tensor_details(), {"dtype": "float32", "shape": [3, 2]})
        inputs[0].write(np.ones(6, np.float32))
        model.run_by_index(0, inputs, outputs)
        self.assertEqual(outputs[0].read(6, np.float32).tolist(), [2] * 6)
        with self.assertRaisesRegex(RuntimeError, "only allows mutating unknown dimensions"):
            model.resize_input_tensor(0, [3, 3])
        model.resize_input_tensor_by_name("<placeholder signature>", "x", [1, 3], strict=False)
        self.assertEqual(model.get_input_buffer_requirements(0)["buffer_size"], 12)

    def test_shapes_known_only_while_running(self):
        model = loaded("tile")
        inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
        inputs[0].write(np.arange(1024, dtype=np.float32))
        inputs[1].write(np.array([3], np.int32))
        model.run_by_index(0, inputs, outputs)
        self.assertEqual(outputs[0].get_tensor_details()["shape"], [3072])
        self.assertEqual(outputs[0].read(3072, np.float32)[-1], 1023)


class Describing(unittest.TestCase):

    def test_signatures(self):
        model = loaded("signatures")
        # In the order of the graph's tensors, whatever the order of the file's lists of names.
        self.assertEqual(model.get_signature_list(),
                         {"plus": {"inputs": ["a", "x"], "outputs": ["sum"]},
                          "minus": {"inputs": ["a", "x"], "outputs": ["difference"]}})
        self.assertEqual(model.get_signature_by_index(1), {
            "key": "minus", "inputs": ["a", "x"], "outputs": ["difference"]})
        self.assertEqual((model.get_num_signatures(), model.get_signature_index("minus"),
                          model.get_signature_index("no")), (2, 1, -1))

    def test_a_model_without(self):
        model, key = loaded("add"), "<placeholder signature>"
        self.assertEqual(model.get_signature_list(), {key: {"inputs": ["a", "b"], "outputs": ["y"]}})
        self.assertEqual(model.get_signature_index(key), 0)
        self.assertEqual(model.get_input_tensor_details(key)["b"],
                         {"name": "b", "index": 1, "dtype": "float32", "shape": [1, 4]})
        self.assertEqual(list(model.get_output_tensor_details(key)), ["y"])
        self.assertEqual(model.get_input_buffer_requirements(0),
                         {"buffer_size": 16, "supported_types": [1]})


class Options_(unittest.TestCase):

    def test_threads(self):
        for options, threads in ((Options(cpu_options=CpuOptions(num_threads=3)), 3), (None, None)):
            self.assertEqual(loaded("add", options=options)._interpreter._arguments["num_threads"],
                             threads)
        options = Options.create()
        options.cpu_options.kernel_mode = CpuKernelMode.XNNPACK
        options.gpu_options.enforce_f32 = True
        loaded("add", options=options, environment=Environment.create(runtime_path="/x"))

    def test_accelerators(self):
        names = HardwareAccelerator
        self.assertEqual([int(n) for n in (names.CPU, names.GPU, names.NPU)], [1, 2, 4])
        loaded("add", names.NPU | names.GPU | names.CPU)
        for alone in (names.GPU, names.NPU):
            with self.assertRaisesRegex(RuntimeError, "add HardwareAccelerator.CPU"):
                loaded("add", hardware_accel=alone)
            with self.assertRaisesRegex(RuntimeError, "add HardwareAccelerator.CPU"):
                loaded("add", options=Options(alone))


class Mistakes(unittest.TestCase):

    def test_are_named(self):
        model = loaded("add")
        buffer, = model.create_output_buffers(0)
        inputs = model.create_input_buffers(0)
        for call, text in (
            (lambda: buffer.write(floats(1, 2, 3, 4, 5)), "has 4 elements, the array 5"),
            (lambda: buffer.write(np.ones(4, np.int8)), "of type float32, not int8"),
            (lambda: buffer.write([1, 2]), "should be a numpy array, not list"),
            (lambda: buffer.read(5, np.float32), "has 4 elements, not 5"),
            (lambda: buffer.read(4, np.int32), "of type float32, not int32"),
            (lambda: model.run_by_index(0, inputs[:1], [buffer]), "has 2 inputs, got 1 buffers"),
            (lambda: model.run_by_index(1, inputs, [buffer]), "a signature should be from 0 to 0"),
            (lambda: model.run_by_name("no", {}, {}), "Unknown signature: no; there are"),
            (lambda: model.create_input_buffer_by_name("<placeholder signature>", "z"),
             "Unknown input 'z' for"),
            (lambda: model.get_input_buffer_requirements(2), "of a tensor should be from 0 to 1"),
            (lambda: TensorBuffer.create_from_host_memory(np.ones((4, 4))[:, 1]), "contiguous"),
            (lambda: loaded("text").create_input_buffers(0), "cannot hold a tensor of type STRING"),
        ):
            with self.assertRaisesRegex(ValueError, text):
                call()
        buffer.destroy()
        buffer.destroy()
        with self.assertRaisesRegex(ValueError, "has been destroyed"):
            buffer.read(1, np.float32)


if __name__ == "__main__":
    unittest.main()
