# SPDX-License-Identifier: Apache-2.0
"""Tests of `pipit classify`."""

import json
import pathlib

import small_models as small
from command_case import CommandTest, DIGITS, MODELS


class Classify(CommandTest):
    RGB = bytes([0, 10, 20, 100, 128, 255, 7, 77, 177, 255, 200, 1])  # 2x2

    def fed(self, model, image, *options):
        """What reached the input of a model that flattens it, by position."""
        result = self.json("classify", model, image, "--top", 1000, *options)
        classes = result[0]["classes"]
        return [c.get("score", c.get("probability")) for c in sorted(classes, key=lambda c: c["index"])]

    def test_feeding(self):
        image = self.path("x.png", small.png(2, 2, self.RGB))
        shape = [1, 2, 2, 3]

        def check(expected, dtype, *options, **quantization):
            model = self.model(small.flatten_model(dtype, shape, **quantization))
            got = self.fed(model, image, *options)
            for g, e in zip(got, expected, strict=True):
                self.assertAlmostEqual(g, e, places=5)
        check(self.RGB, "UINT8")
        check([p / 255 for p in self.RGB], "UINT8", scale=1 / 255)
        check([p - 128 for p in self.RGB], "INT8")
        check([p / 127.5 - 1 for p in self.RGB], "FLOAT32")
        check([p / 255 for p in self.RGB], "FLOAT32", "--mean", "0", "--std", "255")
        check([p + 1 for p in self.RGB], "FLOAT32", "--mean", "-1", "--std", "1")
        quantum = 1 / 127
        check([round((p / 127.5 - 1) / quantum) * quantum for p in self.RGB], "INT8",
              "--mean", "127.5", scale=quantum)
        check([min(127, p // 2) for p in self.RGB], "INT8", "--mean", "0", "--std", "2.001", scale=1.0)
        check([round((p / 127.5 - 1) * 1024) / 1024 for p in self.RGB], "INT16", scale=1 / 1024)

    def test_formats(self):
        model = self.model(small.flatten_model("UINT8", [1, 2, 2, 3]))
        for name, content in [("x.png", small.png(2, 2, self.RGB)), ("x.bmp", small.bmp(2, 2, self.RGB)),
                              ("no_extension", small.png(2, 2, self.RGB))]:
            self.assertEqual(self.fed(model, self.path(name, content)), list(self.RGB))
        for level in 3, 128, 200:
            self.assertEqual(self.fed(model, self.path("x.jpg", small.jpeg(level))), [level] * 12)

    def test_grey(self):
        model = self.model(small.flatten_model("UINT8", [1, 2, 2, 1]))
        image = self.path("x.png", small.png(2, 2, self.RGB))
        luma = [int(0.299 * r + 0.587 * g + 0.114 * b + 0.5) for r, g, b in zip(*[iter(self.RGB)] * 3)]
        self.assertEqual(self.fed(model, image), luma)

    def test_resize(self):
        def grey(width, height, levels):
            return self.path("x.png", small.png(width, height, bytes(v for v in levels for _ in range(3))))
        model = self.model(small.flatten_model("UINT8", [1, 2, 4, 1]))
        # Twice as wide: the new centres lie at 1/4 and 3/4 between old ones.
        self.assertEqual(self.fed(model, grey(2, 2, [0, 100, 0, 100])), [0, 25, 75, 100] * 2)
        # Half as high: a triangle over four rows; (1, 3, 3, 1) / 8, cut off at the border.
        self.assertEqual(self.fed(model, grey(4, 4, [0] * 4 + [70] * 4 + [140] * 4 + [210] * 4)),
                         [50] * 4 + [160] * 4)

    def test_probabilities_and_labels(self):
        model = self.model(small.flatten_model("UINT8", [1, 1, 3, 1], scale=1 / 255))
        image = self.path("x.png", small.png(3, 1, bytes([51] * 3 + [128] * 3 + [76] * 3)))
        labels = self.path("labels.txt", "cat\r\ndog\nowl\n")
        self.assertEqual(self.succeed("classify", model, image, "--labels", labels),
                         f"{image}\n  1. dog  0.5020\n  2. owl  0.2980\n  3. cat  0.2000\n")
        self.assertEqual(self.succeed("classify", model, image, image, "--top", "1"),
                         f"{image}\n  1. 1  0.5020\n" * 2)
        best = self.json("classify", model, image, "--labels", labels, "--top", 1)
        self.assertEqual([best[0]["image"], best[0]["classes"][0]["label"]], [image, "dog"])
        self.assertAlmostEqual(best[0]["classes"][0]["probability"], 128 / 255, places=6)
        # Of a thousand classes, most are rounded to 0.
        model = self.model(small.flatten_model("UINT8", [1, 1, 1000, 1], scale=1 / 256))
        image = self.path("x.png", small.png(1000, 1, bytes([64] * 9) + bytes(2991)))
        self.assertIn("  1. 0  0.2500\n", self.succeed("classify", model, image))
        image = self.path("x.png", small.png(3, 1, bytes([51] * 3 + [128] * 3 + [76] * 3)))
        # Without a scale they are no probabilities.
        model = self.model(small.flatten_model("UINT8", [1, 1, 3, 1]))
        self.assertIn("  1. 1  score 128.0000\n", self.succeed("classify", model, image))

    def test_digits(self):
        samples = sorted((MODELS / "samples").glob("*.png"))
        self.assertEqual(len(samples), 20)
        results = self.json("classify", DIGITS, *samples, "--top", "1",
                            "--labels", MODELS / "digits_labels.txt")
        cases = json.loads((MODELS / "digits_cases.json").read_text(encoding="utf-8"))["cases"]
        expected = {pathlib.Path(c["image"]).name: c["class"] for c in cases if "image" in c}
        found = {pathlib.Path(r["image"]).name: r["classes"][0]["index"] for r in results}
        self.assertEqual(found, expected)

    def test_unreadable_pictures(self):
        model = self.model(small.flatten_model("UINT8", [1, 2, 2, 3]))
        whole = small.png(2, 2, self.RGB)
        for name, content in [("none.png", None), ("empty.png", b""), ("text.png", b"hello"),
                              ("cut.png", whole[:45]), ("cut.bmp", small.bmp(2, 2, self.RGB)[:20]),
                              ("cut.jpg", small.jpeg(9)[:30]), ("x.gif", b"GIF89a" + bytes(99)),
                              ("large.png", whole.replace(b"\0\0\0\2", b"\0\xff\xff\xff"))]:
            with self.subTest(name=name):
                path = self.path(name, content)
                self.assertIn(path, self.fail_with(4, "classify", model, path))
        for width, height in [(0, 0), (0, 2), (2, 0)]:
            image = self.path("x.bmp", small.bmp(width, height, b""))
            self.assertIn("x.bmp: has no pixels", self.fail_with(4, "classify", model, image))
        image = self.path("x.png", whole)
        self.fail_with(4, "classify", model, image, "--labels", self.path("no_labels"))
        self.assertIn("is no list of labels", self.fail_with(4, "classify", model, image, "--labels",
                                                             model))

    # Under an emulator, its own memory counts on both sides.
    def test_pictures_that_promise_or_hold_too_much_take_no_memory(self):
        model = self.model(small.flatten_model("UINT8", [1, 2, 2, 3]))
        most = self.peak("classify", model, self.path("x.png", small.png(2, 2, self.RGB))) + (32 << 20)
        bomb = small.png(8, 8, bytes(8 * 8 * 3), after=256 << 20)
        for name, content, part in [
                ("bomb.png", bomb, "holds more data than its pixels take"),
                ("cut.png", small.png(8192, 8192, b""), "has not enough data for 8192x8192 pixels"),
                ("cut.bmp", small.bmp(8192, 8192, b""), "has not enough data for 8192x8192 pixels")]:
            with self.subTest(name=name):
                image = self.path(name, content)
                self.assertIn(part, self.fail_with(4, "classify", model, image))
                self.assertLess(self.peak("classify", model, image), most)
        self.assertIn("is no PNG, JPEG or BMP image", self.fail_with(4, "classify", model, "/dev/zero"))
        self.assertLess(self.peak("classify", model, "/dev/zero"), most)

    def test_models_that_do_not_classify_pictures(self):
        image = self.path("x.png", small.png(2, 2, self.RGB))
        for graph, part in [(small.add_model(), "takes 2 inputs"),
                            (small.flatten_model("UINT8", [1, 2, 2, 2]), "[1,2,2,2]"),
                            (small.flatten_model("UINT8", [2, 1, 1, 3]), "[2,1,1,3]"),
                            (small.flatten_model("INT32", [1, 2, 2, 3]), "int32"),
                            (small.flatten_model("INT16", [1, 2, 2, 3]), "no scale")]:
            self.assertIn(part, self.fail_with(4, "classify", self.model(graph), image))
