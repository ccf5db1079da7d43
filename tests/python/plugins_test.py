# SPDX-License-Identifier: Apache-2.0
"""Delegates that were written for TensorFlow Lite: an Interpreter runs them, and is an Interpreter all
the same; those that are wrong or fail are told in words."""

import gc
import os
import pathlib
import pickle
import subprocess
import sys
import unittest
import warnings
import weakref

import numpy as np

import tflite_runtime.interpreter as tflite

MODELS = pathlib.Path(os.environ["PIPIT_TEST_MODELS"])
PLUGINS = pathlib.Path(os.environ["PIPIT_TEST_PLUGINS"])
EMULATED = "PIPIT_TEST_EMULATED" in os.environ
X = np.array([[1, 2]], np.float32)
Y = 4 * X + 3


def plugin(name):
    return PLUGINS / ("libtflite_%s_plugin.so" % name)


def coral(**options):
    return tflite.load_delegate(str(plugin("coral")), options)


def interpreter(delegates=None, name="coral", **options):
    delegates = [coral()] if delegates is None else delegates
    return tflite.Interpreter(str(MODELS / (name + ".tflite")), experimental_delegates=delegates,
                              **options)


def warned(function):
    """What function() returns, and the lines of its RuntimeWarnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function()
    return result, [str(w.message) for w in caught if w.category is RuntimeWarning]


class Running(unittest.TestCase):

    def test_as_programs_do(self):
        net = interpreter()
        net.allocate_tensors()
        net.set_tensor(net.get_input_details()[0]["index"], X)
        net.invoke()
        self.assertEqual(net.get_tensor(net.get_output_details()[0]["index"]).tolist(), Y.tolist())
        self.assertEqual([row["nodes"] for row in net.delegation()], [[1], [3]])
        self.assertTrue(all(row["delegate"].startswith("EdgeTpuDelegateForCustomOp")
                            for row in net.delegation()))

    def test_content_options_and_threads(self):
        content = (MODELS / "coral.tflite").read_bytes()
        for options in ({}, {"device": "usb"}, {"device": ":0"}, {"device": ""}):
            net = tflite.Interpreter(model_content=content, num_threads=2,
                                     experimental_delegates=[coral(**options)])
            self.assertEqual(net.run(X)[0].tolist(), Y.tolist())
            net.set_num_threads(1)
            net.invoke()
            self.assertEqual(net.run(X)[0].tolist(), Y.tolist())

    def test_resizing(self):
        net = interpreter()
        for rows in (3, 1, 4, 2):
            x = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
            net.resize_tensor_input(0, [rows, 2])
            net.allocate_tensors()
            self.assertEqual(net.get_output_details()[0]["shape"].tolist(), [rows, 2])
            self.assertEqual(net.run(x)[0].tolist(), (4 * x + 3).tolist())
        with self.assertRaisesRegex(RuntimeError, "ResizeInputTensorStrict"):
            net.resize_tensor_input(0, [2, 3], strict=True)
        net.resize_tensor_input(0, [0x7fffffff, 2])
        with self.assertRaises((RuntimeError, MemoryError)):
            net.allocate_tensors()
        net.resize_tensor_input(0, [1, 2])
        self.assertEqual(net.run(X)[0].tolist(), Y.tolist())

    def test_signatures(self):
        net = interpreter()
        runner = net.get_signature_runner("serve")
        self.assertEqual(runner(x=X)["y"].tolist(), Y.tolist())
        self.assertEqual(runner(x=np.vstack([X, X]))["y"].tolist(), np.vstack([Y, Y]).tolist())

    def test_views(self):
        net = interpreter()
        net.allocate_tensors()
        view = net.tensor(0)()
        view[:] = X
        with self.assertRaisesRegex(RuntimeError, "reference to internal data"):
            net.invoke()
        del view
        net.invoke()
        kept = net.tensor(net.get_output_details()[0]["index"])()
        net.close()
        del net
        gc.collect()
        self.assertEqual(kept.tolist(), Y.tolist())

    def test_every_tensor_can_be_kept(self):
        net, _ = warned(lambda: interpreter(experimental_preserve_all_tensors=True))
        net.run(X)
        self.assertEqual([net.get_tensor(i).tolist() for i in range(5)],
                         [(k * X + b).tolist() for k, b in ((1, 0), (2, 0), (2, 1), (4, 2), (4, 3))])

    def test_what_else_an_interpreter_does(self):
        net = interpreter()
        net.run(X)
        net.reset_all_variables()
        self.assertEqual([row["op_name"].split()[0] for row in net.profile()],
                         ["ADD", "EdgeTpuDelegateForCustomOp"] * 2)
        with net:
            pass
        self.assertEqual(net.run(X)[0].tolist(), Y.tolist())  # a new plan after close()
        again = pickle.loads(pickle.dumps(net))
        self.assertEqual(again.run(X)[0].tolist(), Y.tolist())
        net.cancel()
        self.assertEqual(net.run(X)[0].tolist(), Y.tolist())

    def test_one_that_claims_nothing(self):
        net = interpreter(name="chain")
        self.assertEqual(net.run([np.ones((1, 4), np.float32)] * 2)[0].tolist(), [[2, 2, 2, 2]])
        self.assertEqual(net.delegation(), [])

    def test_two(self):
        sample = tflite.load_delegate(plugin("sample"))
        net = interpreter([sample, coral()])
        self.assertEqual(net.run(X)[0].tolist(), Y.tolist())

    def test_ends(self):
        """Interpreters go before their delegates, in a cycle of garbage, too."""
        delegate = coral()
        net = interpreter([delegate])
        net.run(X)
        net.itself, ends = net, weakref.ref(delegate)
        del net, delegate
        gc.collect()
        self.assertIsNone(ends())

    @unittest.skipIf(EMULATED, "the emulator's fork() is its own")
    def test_forks(self):
        net = interpreter(num_threads=2)
        net.run(X)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                net.run(X)
            except RuntimeError as error:
                os._exit(7 if "after fork()" in str(error) else 1)
            os._exit(2)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)

    def test_a_file_that_is_replaced(self):
        """The model is the one that was there first."""
        copy = MODELS / "coral_copy.tflite"
        copy.write_bytes((MODELS / "coral.tflite").read_bytes())
        net = interpreter(name="coral_copy")
        other = MODELS / "coral_other.tflite"
        other.write_bytes((MODELS / "chain.tflite").read_bytes())
        os.replace(other, copy)
        self.assertEqual(net.run(X)[0].tolist(), Y.tolist())


class Failing(unittest.TestCase):

    def loads_not(self, words, *arguments):
        with self.assertRaisesRegex(ValueError, "^Failed to load delegate from .*\n.*" + words):
            tflite.load_delegate(*arguments)

    def test_libraries(self):
        with self.assertRaises(OSError):
            tflite.load_delegate("no_such_library.so")
        self.loads_not("exports neither pipit_delegate_create nor tflite_plugin_create_delegate",
                       "libc.so.6")
        self.loads_not("does not export tflite_plugin_destroy_delegate", plugin("broken"))

    def test_options(self):
        self.loads_not("makes no delegate of these options", plugin("coral"), {"device": "usb:7"})
        self.loads_not("out of order", plugin("sample"), {"fail": "out of order"})
        many = {str(i): i for i in range(1000)}
        self.assertEqual(interpreter([coral(**many)]).run(X)[0].tolist(), Y.tolist())

    def test_preparing_falls_back(self):
        """To kernels of Pipit's, where it has them; the line says why."""
        net = interpreter([coral(fail="look")], name="chain")
        _, lines = warned(net.allocate_tensors)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("computed without delegates", lines[0])
        self.assertEqual(net.run([np.ones((1, 4), np.float32)] * 2)[0].tolist(), [[2, 2, 2, 2]])
        for where in ("look", "init", "prepare"):
            net = interpreter([coral(fail=where)])

            def refused():
                with self.assertRaisesRegex(RuntimeError, "compiled for a Coral Edge TPU: take the "
                                            "file without _edgetpu in its name, or load its delegate"):
                    net.allocate_tensors()
            self.assertEqual(len(warned(refused)[1]), 1, where)

    def test_invoking(self):
        net = interpreter([coral(fail="invoke")])
        with self.assertRaisesRegex(RuntimeError, "failed with status 1.*Deadline exceeded"):
            net.run(X)

    def test_nobody(self):
        with self.assertRaisesRegex(RuntimeError, "compiled for a Coral Edge TPU: take the file "
                                    "without _edgetpu in its name, or load its delegate"):
            interpreter([]).allocate_tensors()
        with self.assertRaisesRegex(RuntimeError, "nobody_has_this"):
            interpreter(name="unknown").allocate_tensors()

    def test_models(self):
        with self.assertRaisesRegex(ValueError, "Could not open '.*nowhere.tflite'"):
            interpreter(name="nowhere")
        with self.assertRaisesRegex(ValueError, "not a valid Flatbuffer"):
            tflite.Interpreter(model_content=b"short", experimental_delegates=[coral()])

    def test_what_does_not_go_together(self):
        ours = tflite.load_delegate(os.environ["PIPIT_TEST_DELEGATE"])
        with self.assertRaisesRegex(ValueError, "cannot share an interpreter"):
            interpreter([ours, coral()])
        with self.assertRaisesRegex(ValueError, "is no delegate"):
            interpreter([coral(), object()])

    def test_without_the_library(self):
        """A program that looks for a delegate goes on."""
        said = subprocess.run(
            os.environ.get("PIPIT_TEST_PYTHON", sys.executable).split() + ["-c", (
                "import tflite_runtime.interpreter as t\n"
                "try: t.load_delegate(%r)\n"
                "except ValueError as error: print(error)" % str(plugin("coral")))],
            env=dict(os.environ, PIPIT_TFLITE_LIBRARY="/nowhere/libtensorflowlite_c.so"),
            capture_output=True, text=True)
        self.assertIn("Failed to load delegate from", said.stdout, said.stderr)
        self.assertIn("/nowhere/libtensorflowlite_c.so: cannot open", said.stdout)


if __name__ == "__main__":
    unittest.main()
