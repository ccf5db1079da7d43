# SPDX-License-Identifier: Apache-2.0
"""One interpreter in several threads: who comes second is told so, waits, or cancels; and memory that
grows while a model runs."""

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import threading
import unittest

import numpy as np
from models import loaded, path

from pipit import Cancelled, _plan
from pipit import _library as library
from pipit import interpreter as pipit

EMULATED = "PIPIT_TEST_EMULATED" in os.environ
PREPARE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)
RUN = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Waiting:
    """A model whose only operator runs until the test lets it go."""

    def __init__(self):
        self.runs, self.go = threading.Event(), threading.Event()
        self.functions = PREPARE(self._prepare), RUN(self._run)
        self.interpreter = pipit.InterpreterWithCustomOps([self._register],
                                                          model_path=path("unknown"))
        self.interpreter.allocate_tensors()

    def _register(self, address):
        operator = library.Operator.from_address(address)
        operator.name = b"nobody_has_this"
        operator.prepare, operator.run = (ctypes.cast(f, ctypes.c_void_p) for f in self.functions)

    @staticmethod
    def _prepare(_, node):
        return library.lib.pipit_prepare_set_output(ctypes.c_void_p(node), 0, 1,
                                                    (ctypes.c_int32 * 1)(1))

    def _run(self, _, parameters, node):
        self.runs.set()
        self.go.wait(60)
        return 0

    @contextlib.contextmanager
    def running(self):
        """While another thread invokes it; `failed` has what that raised."""
        self.failed = None

        def work():
            try:
                self.interpreter.invoke()
            except RuntimeError as error:
                self.failed = error

        thread = threading.Thread(target=work)
        thread.start()
        self.runs.wait(60)
        try:
            yield self.interpreter
        finally:
            self.go.set()
            thread.join()


def in_threads(count, work):
    """What work(number) returns in each of so many threads, in their order."""
    results = [None] * count

    def one(number):
        results[number] = work(number)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Turns(unittest.TestCase):

    def test_the_second_thread_is_told(self):
        waiting, one = Waiting(), np.ones(1, np.float32)
        with waiting.running() as interpreter:
            for call in (interpreter.invoke, interpreter.allocate_tensors, interpreter.profile,
                         interpreter.reset_all_variables, lambda: interpreter.set_num_threads(2),
                         lambda: interpreter.set_tensor(0, one), lambda: interpreter.get_tensor(1),
                         lambda: interpreter.tensor(1)(),
                         lambda: interpreter.resize_tensor_input(0, [1])):
                with self.assertRaisesRegex(RuntimeError, "Another thread is using this interpreter"
                                            r".*call run\(\), .*under one lock"):
                    call()
        self.assertIsNone(waiting.failed)
        waiting.interpreter.invoke()

    def test_the_library_itself_tells(self):
        waiting, why = Waiting(), library.Message()
        with waiting.running() as interpreter:
            code = library.lib.pipit_interpreter_invoke_signature(
                ctypes.c_void_p(interpreter._native_handle()), library.DEFAULT_SIGNATURE,
                ctypes.byref(why))
        self.assertEqual(code, 8)
        self.assertIn("the interpreter is in use", why.text)

    def test_run_waits(self):
        interpreter, ones = pipit.Interpreter(path("add")), np.ones((1, 4), np.float32)

        def work(number):
            return [interpreter.run([np.full((1, 4), number, np.float32), ones])[0].tolist()
                    for _ in range(100)]

        for number, results in enumerate(in_threads(4, work)):
            self.assertEqual(results, [[[number + 1] * 4]] * 100)

    def test_signature_runners_wait(self):
        runner = pipit.Interpreter(path("signatures")).get_signature_runner("minus")

        def work(number):
            a, x = (np.full((1, 4), n, np.float32) for n in (10 * number, number))
            return [runner(a=a, x=x)["difference"].tolist() for _ in range(50)]

        for number, results in enumerate(in_threads(4, work)):
            self.assertEqual(results, [[[9 * number] * 4]] * 50)

    def test_run_float_waits(self):
        interpreter = loaded("quantized")

        def work(number):
            return [interpreter.run_float([[number] * 3])[0].tolist() for _ in range(50)]

        for number, results in enumerate(in_threads(4, work)):
            self.assertEqual(results, [[[number] * 3]] * 50)

    def test_a_lock_around_all_of_it_does(self):
        interpreter, ones = loaded("add"), np.ones((1, 4), np.float32)
        lock, wrong = threading.Lock(), []

        def work(number):
            for _ in range(50):
                with lock:  # as the error advises
                    interpreter.set_tensor(0, np.full((1, 4), number, np.float32))
                    interpreter.set_tensor(1, ones)
                    interpreter.invoke()
                    if interpreter.get_tensor(2).tolist() != [[number + 1] * 4]:
                        wrong.append(number)

        in_threads(4, work)
        self.assertEqual(wrong, [])


class Running(unittest.TestCase):

    def test_by_position_and_by_name(self):
        interpreter = pipit.Interpreter(path("add"))
        a, b = np.full((1, 4), 5, np.float32), np.ones((1, 4), np.float32)
        for inputs in ([a, b], (a, b), {"b": b, "a": a}):
            self.assertEqual([y.tolist() for y in interpreter.run(inputs)], [[[6] * 4]])
        row = np.full((1, 3), 2, np.float32)
        self.assertEqual(pipit.Interpreter(path("one_row")).run(row)[0].tolist(), [[4] * 3])

    def test_outputs_are_copies(self):
        interpreter, row = pipit.Interpreter(path("one_row")), np.full((1, 3), 2, np.float32)
        interpreter.run(row)[0][:] = 0
        self.assertEqual(interpreter.run([row])[0].tolist(), [[4] * 3])

    def test_wrong_inputs(self):
        interpreter, a = pipit.Interpreter(path("add")), np.ones((1, 4), np.float32)
        for inputs, text in ((a, "The model has 2 inputs, got 1."),
                             ([a, a, a], "The model has 2 inputs, got 3."),
                             ({"a": a, "c": a}, r"inputs are \['a', 'b'\], got \['a', 'c'\]."),
                             ([a, a[0]], "Dimension mismatch")):
            with self.assertRaisesRegex(ValueError, text):
                interpreter.run(inputs)


class Cancelling(unittest.TestCase):

    def test_an_endless_loop(self):
        interpreter = loaded("loop", max_calls=2**62)
        for i in range(2):
            interpreter.set_tensor(i, np.int32(0))
        timer = threading.Timer(0.2, interpreter.cancel)
        timer.start()
        with self.assertRaisesRegex(Cancelled, "The invocation was cancelled."):
            interpreter.invoke()
        timer.join()
        interpreter.set_tensor(1, np.int32(1))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]), 1)

    def test_where_nothing_runs_nothing_happens(self):
        interpreter = pipit.Interpreter(path("add"))
        interpreter.cancel()
        interpreter.allocate_tensors()
        interpreter.cancel()
        interpreter.invoke()
        self.assertTrue(issubclass(Cancelled, RuntimeError))


class NumberOfThreads(unittest.TestCase):

    def test_inputs_and_variables_stay(self):
        def second(change):
            interpreter = loaded("lstm", num_threads=1)
            output = interpreter.get_output_details()[0]["index"]
            interpreter.set_tensor(0, np.ones((1, 1, 1), np.float32))
            interpreter.invoke()
            change(interpreter)
            interpreter.invoke()
            return interpreter.get_tensor(output).tolist()

        expected = second(lambda interpreter: None)
        for threads in (1, 3, None):
            self.assertEqual(second(lambda i: i.set_num_threads(threads)), expected)

    def test_strings_stay(self):
        interpreter = loaded("strings")
        interpreter.set_tensor(0, np.array([["a", "b"], ["c", "d"]]))
        interpreter.set_num_threads(2)
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(1).tolist(), [b"a", b"b", b"c", b"d"])

    def test_the_team_is_another(self):
        interpreter = loaded("add", num_threads=1)
        interpreter.set_num_threads(3)
        self.assertEqual(library.lib.pipit_team_threads(interpreter._team.handle), 3)
        with self.assertRaisesRegex(ValueError, "num_threads should >= 1"):
            interpreter.set_num_threads(0)


LITTLE = """
import sys
import numpy as np
from pipit import Interpreter
kept = []
for _ in range(12):
    kept.append(Interpreter(sys.argv[1], num_threads=1))
    kept[-1].allocate_tensors()
for interpreter in kept:
    interpreter.set_tensor(0, np.arange(1024, dtype=np.float32))
    interpreter.set_tensor(1, np.array([2000], np.int32))
    interpreter.invoke()
    assert interpreter.get_tensor(2)[-1] == 1023
    interpreter.resize_tensor_input(0, [4])
    interpreter.allocate_tensors()
"""


class Growth(unittest.TestCase):

    def setUp(self):
        self.room = _plan._ROOM

    def tearDown(self):
        _plan.Plan.__init__.__defaults__ = (self.room,)

    def tiled(self, times):
        interpreter = loaded("tile")
        interpreter.set_tensor(0, np.arange(1024, dtype=np.float32))
        interpreter.set_tensor(1, np.array([times], np.int32))
        interpreter.invoke()
        self.assertEqual(interpreter.get_tensor(2).shape, (1024 * times,))
        self.assertEqual(interpreter.get_tensor(2)[-1], 1023)
        return interpreter

    def test_room_grows(self):
        _plan.Plan.__init__.__defaults__ = (64 << 10,)
        before = loaded("tile")._plan.room
        self.assertLess(before, 128 << 10)
        after = self.tiled(1000)._plan.room
        self.assertGreater(after, 4096 * 1000)

    def test_models_that_keep_state_are_not_run_twice(self):
        for name in ("lstm", "random", "unknown"):
            model = pipit.Interpreter(path(name))._model
            if name == "unknown":
                self.assertTrue(model.may_keep_state())
            else:
                plan = loaded(name)._plan
                plan.room = 1
                self.assertIsNone(plan.larger(), name)

    @unittest.skipIf(EMULATED, "the emulator takes address space of its own")
    def test_many_share_little_address_space(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (3 << 28, 3 << 28))

        environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
        subprocess.run([sys.executable, "-c", LITTLE, path("tile")], check=True, preexec_fn=limit,
                       env=environment)


if __name__ == "__main__":
    unittest.main()
