# SPDX-License-Identifier: Apache-2.0
"""The simulated caches, on accesses whose misses can be counted by hand.

caches_test.py COMPILER"""
import ctypes
import pathlib
import subprocess
import sys
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
LINE = 64
LEVELS = 3


class Misses(ctypes.Structure):
    _fields_ = [("all", ctypes.c_uint64 * LEVELS), ("unforeseen", ctypes.c_uint64 * LEVELS)]


def library(compiler):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/caches.so"
        subprocess.run([compiler, "-fPIC", "-shared", "-o", path, BENCH / "caches.c"], check=True)
        loaded = ctypes.CDLL(path)
    loaded.make_caches.restype = ctypes.c_void_p
    loaded.make_caches.argtypes = [ctypes.c_char_p]
    loaded.access_caches.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
    loaded.take_misses.restype = Misses
    loaded.take_misses.argtypes = [ctypes.c_void_p]
    return loaded


class Caches(unittest.TestCase):

    def caches(self, text):
        made = LIBRARY.make_caches(text.encode())
        self.assertIsNotNone(made)
        return made

    def missed(self, caches, lines, size=1):
        for line in lines:
            LIBRARY.access_caches(caches, int(line * LINE), size)
        misses = LIBRARY.take_misses(caches)
        return list(misses.all), list(misses.unforeseen)

    def test_a_line_stays(self):
        caches = self.caches("1-2/4-4")
        self.assertEqual(self.missed(caches, [100]), ([1, 1, 0], [0, 1, 0]))
        self.assertEqual(self.missed(caches, [100, 100.5]), ([0, 0, 0], [0, 0, 0]))

    def test_the_least_recently_used_goes(self):
        caches = self.caches("1-2/64-16")  # eight sets of two lines
        self.missed(caches, [0, 800, 0, 1600])  # of one set: 800 goes
        self.assertEqual(self.missed(caches, [0, 1600])[0], [0, 0, 0])
        # The second level serves it, and it takes the place of 0.
        self.assertEqual(self.missed(caches, [800]), ([1, 0, 0], [1, 0, 0]))
        self.assertEqual(self.missed(caches, [1600])[0], [0, 0, 0])
        self.assertEqual(self.missed(caches, [0])[0], [1, 0, 0])

    def test_other_sets_are_free(self):
        caches = self.caches("1-2/64-16")
        self.missed(caches, range(16))
        self.assertEqual(self.missed(caches, range(16))[0], [0, 0, 0])
        self.assertEqual(self.missed(caches, range(17))[0], [1, 1, 0])
        self.assertEqual(self.missed(caches, [0])[0], [1, 0, 0])  # of the set of line 16

    def test_neighbours_are_foreseen(self):
        caches = self.caches("1-2/4-4")
        self.assertEqual(self.missed(caches, [1000, 1001, 1002, 1003]), ([4, 4, 0], [0, 1, 0]))
        self.assertEqual(self.missed(caches, [999, 2000, 998]), ([3, 3, 0], [0, 1, 0]))

    def test_what_is_long_ago_foresees_nothing(self):
        caches = self.caches("1-2/4-4")
        self.missed(caches, [1000, *range(2000, 2000 + 3 * 32, 3)])
        self.assertEqual(self.missed(caches, [1001])[1], [0, 1, 0])

    def test_an_access_across_lines(self):
        caches = self.caches("1-2/4-4")
        self.assertEqual(self.missed(caches, [10.75], size=16)[0], [1, 1, 0])
        self.assertEqual(self.missed(caches, [20.875], size=16)[0], [2, 2, 0])

    def test_three_levels(self):
        caches = self.caches("1-2/2-2/64-16")
        self.missed(caches, range(0, 3200, 100))
        self.assertEqual(self.missed(caches, [0]), ([1, 1, 0], [0, 1, 0]))

    def test_what_says_nothing(self):
        for text in ("", "32", "32-4/", "0-4", "32-0", "x-4", "32-4,512-16", "1-1/1-1/1-1/1-1"):
            self.assertIsNone(LIBRARY.make_caches(text.encode()), text)


if __name__ == "__main__":
    LIBRARY = library(sys.argv.pop(1))
    unittest.main()
