# SPDX-License-Identifier: Apache-2.0
"""Samples from files of each kind, and what is said of files that hold none."""

import pathlib
import tempfile
import unittest

import networks
import numpy as np

from pipit.convert.format.graph import ConvertError
from pipit.convert.quantization.samples import Samples, read_labels


class Files(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.network = networks.Network(1, 4, 6, 3)
        self.model = self.network.model(self.network.conv(self.network.x, 2))
        self.values = np.random.default_rng(0).normal(0, 1, (5, 1, 4, 6, 3)).astype(np.float32)

    def read(self, *names, **settings):
        return [sample for sample in Samples(self.model, [self.folder / n for n in names], **settings)]

    def assertAll(self, samples):
        self.assertEqual(len(samples), 5)
        for got, wanted in zip(samples, self.values):
            np.testing.assert_array_equal(got[0].reshape(wanted.shape), wanted)

    def test_npy(self):
        np.save(self.folder / "a.npy", self.values)
        np.save(self.folder / "b.npy", self.values[:, 0])
        self.assertAll(self.read("a.npy"))
        self.assertAll(self.read("b.npy"))
        np.save(self.folder / "c.npy", self.values[0])
        self.assertEqual(len(self.read("c.npy")), 1)
        self.assertEqual(len(Samples(self.model, [self.folder])), 11)
        self.assertEqual(len(self.read("")), 11)  # the folder

    def test_raw(self):
        self.values.tofile(self.folder / "a.bin")
        self.assertAll(self.read("a.bin"))
        (self.folder / "b.raw").write_bytes(b"12345")
        with self.assertRaisesRegex(ConvertError, "5 bytes are no whole number of samples of 288"):
            self.read("b.raw")

    def test_npz(self):
        np.savez(self.folder / "a.npz", x=self.values)
        self.assertAll(self.read("a.npz"))
        self.network.input("y", (1, 2))
        np.savez(self.folder / "b.npz", x=self.values, y=np.zeros((5, 1, 2)))
        self.assertEqual([len(sample) for sample in self.read("b.npz")], [2] * 5)
        with self.assertRaisesRegex(ConvertError, "a.npz: has no array y: it has x"):
            self.read("a.npz")
        np.savez(self.folder / "c.npz", x=self.values, y=np.zeros((4, 1, 2)))
        with self.assertRaisesRegex(ConvertError, "its arrays hold 5, 4 samples"):
            self.read("c.npz")
        np.save(self.folder / "d.npy", self.values)
        with self.assertRaisesRegex(ConvertError, "the model has 2 inputs"):
            self.read("d.npy")

    def test_pictures(self):
        from PIL import Image
        for label, name in enumerate(("cat", "dog")):
            (self.folder / name).mkdir()
            for i in range(2):
                Image.new("RGB", (12, 8), (0, 255, 100 * label)).save(
                    self.folder / name / f"{i}.png")
        samples = Samples(self.model, [self.folder])
        self.assertEqual(samples.labels, [0, 0, 1, 1])
        found = list(samples)
        self.assertEqual(found[0][0].shape, (1, 4, 6, 3))
        np.testing.assert_allclose(found[2][0][0, 0, 0], [-1, 1, 100 / 127.5 - 1], atol=1e-6)
        plain = self.read("cat", mean=0, std=1)
        np.testing.assert_array_equal(plain[0][0][0, 0, 0], [0, 255, 0])

    def test_what_is_no_sample(self):
        (self.folder / "a.txt").write_text("x")
        (self.folder / "b.npy").write_bytes(b"\x93NUMPY\1\0\xff\xff")
        (self.folder / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        (self.folder / "d.npz").write_bytes(b"PK\3\4")
        np.save(self.folder / "e.npy", np.array([object()]), allow_pickle=True)
        self.assertEqual(len(Samples(self.model, [self.folder / "b.npy"])), 1)
        for name, why in (("a.txt", "samples are files named"), ("b.npy", "b.npy: "),
                          ("c.png", "c.png: "), ("d.npz", "d.npz: "), ("e.npy", "e.npy: "),
                          ("none.npy", "there is no such file")):
            with self.assertRaisesRegex(ConvertError, why) as caught:
                self.read(name)
            self.assertEqual(len(str(caught.exception).splitlines()), 1)
        (self.folder / "empty").mkdir()
        with self.assertRaisesRegex(ConvertError, "no samples in "):
            self.read("empty")

    def test_labels(self):
        path = self.folder / "labels.txt"
        path.write_text("3\n0\n\na.png, 2\nb.png 1\n")
        self.assertEqual(read_labels(path), [3, 0, 2, 1])
        path.write_text("cat\n")
        with self.assertRaisesRegex(ConvertError, "labels are numbers"):
            read_labels(path)


if __name__ == "__main__":
    unittest.main()
