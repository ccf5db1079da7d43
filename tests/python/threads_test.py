# SPDX-License-Identifier: Apache-2.0
"""Threads inside and outside of an invocation, and numbers that follow a seed."""

import ctypes
import os
import threading
import unittest

import numpy as np
from models import DIGITS, path

from pipit import _library as library
from pipit import _team
from pipit import interpreter as pipit


def scores(name, **options):
    interpreter = pipit.Interpreter(DIGITS / (name + ".tflite"), **options)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    count = int(np.prod(detail["shape"]))
    interpreter.set_tensor(
        detail["index"], (np.arange(count) % 100).reshape(detail["shape"]).astype(detail["dtype"]))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).tobytes()


class Threads(unittest.TestCase):

    def test_results_do_not_depend_on_them(self):
        for name in ("digits_int8", "digits_float"):
            alone = scores(name, num_threads=1)
            for threads in (None, 2, 3, 4, 7):
                self.assertEqual(scores(name, num_threads=threads), alone, (name, threads))

    def test_they_are_started_and_shared(self):
        one = pipit.Interpreter(path("add"), num_threads=3)
        two = pipit.Interpreter(path("add"), num_threads=3)
        self.assertEqual(library.lib.pipit_team_threads(one._team.handle), 3)
        self.assertIs(one._team, two._team)
        self.assertIsNone(pipit.Interpreter(path("add"), num_threads=1)._team)
        del one, two
        self.assertNotIn(3, _team._teams)

    def test_the_default_fits_the_board(self):
        self.assertEqual(pipit.default_threads(), min(4, len(os.sched_getaffinity(0))))

    @unittest.skipIf("PIPIT_TEST_EMULATED" in os.environ,
                     "qemu-user does not survive new threads in a forked process")
    def test_a_forked_process_has_threads_of_its_own(self):
        alone = scores("digits_int8", num_threads=1)
        keep = pipit.Interpreter(path("add"), num_threads=2)
        child = os.fork()
        if child == 0:
            os._exit(0 if scores("digits_int8", num_threads=2) == alone else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        del keep

    def test_interpreters_in_threads_of_python(self):
        alone, results = scores("digits_int8", num_threads=1), []
        threads = [threading.Thread(target=lambda: results.append(
            scores("digits_int8", num_threads=2))) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(results, [alone] * 4)

    def test_the_global_lock_is_released(self):
        self.assertNotIsInstance(library.lib, ctypes.PyDLL)


class Seeds(unittest.TestCase):

    @staticmethod
    def numbers(**options):
        interpreter = pipit.Interpreter(path("random"), **options)
        interpreter.allocate_tensors()
        interpreter.invoke()
        return interpreter.get_tensor(1).tolist()

    def test_the_same_numbers_follow(self):
        self.assertEqual(self.numbers(), self.numbers())
        self.assertEqual(self.numbers(random_seed=5), self.numbers(random_seed=5))
        self.assertNotEqual(self.numbers(random_seed=5), self.numbers())


if __name__ == "__main__":
    unittest.main()
