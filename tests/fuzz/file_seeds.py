#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seed corpora of fuzz_image and fuzz_feed, small files of every kind that they read, and
of fuzz_calls.

usage: file_seeds.py FOLDER
"""
import io
import pathlib
import sys

import numpy
from PIL import Image


def images(folder):
    pixels = numpy.arange(11 * 9 * 3, dtype=numpy.uint8).reshape(9, 11, 3)
    color = Image.fromarray(pixels)
    variants = {"rgb": color, "grey": color.convert("L"), "bits": color.convert("1"),
                "palette": color.convert("P"), "alpha": color.convert("RGBA")}
    for name, image in variants.items():
        for kind in ("PNG", "BMP"):
            image.save(folder / f"{name}.{kind}", kind)
    for name in ("rgb", "grey"):
        for progressive in (False, True):
            variants[name].save(folder / f"{name}.{progressive}.JPEG", "JPEG", quality=40,
                                progressive=progressive)
    color.save(folder / "subsampled.JPEG", "JPEG", subsampling=2)


def feeds(folder):
    for name, array in (("f4", numpy.zeros((2, 3), numpy.float32)),
                        ("i1", numpy.zeros((2, 3), numpy.int8)),
                        ("fortran", numpy.asfortranarray(numpy.zeros((2, 3), numpy.int64)))):
        file = io.BytesIO()
        numpy.save(file, array)
        (folder / name).write_bytes(b"\0" + file.getvalue())
    (folder / "labels").write_bytes(b"\1cat\r\ndog \n\x1b[0m\nlast")
    (folder / "strings").write_bytes(
        b"\2" + numpy.array([2, 16, 18, 19], numpy.int32).tobytes() + b"abc")
    # The map {"a": 1, "b": [2, 3]}.
    (folder / "flexbuffer").write_bytes(
        b"\3a\0b\0\2\2\3\4\4\2\5\4\2\1\2\1\6\4\x28\4\x24\1")


# One byte chooses a function; which model and which interpreter are the next two.
OPEN, CREATE, RESIZE, BIND, LOOK, INVOKE = 0, 1, 5, 6, 10, 11


def calls(folder):
    use = [BIND, 0, 0, 0, 0, 0, 0, 1, INVOKE, 0, 0, LOOK, 0, 0, 0, 0, 0, 1, INVOKE, 0, 0,
           RESIZE, 0, 0, 0, 0, 1, 0, 2, 0, 0, INVOKE, 0, 0]
    for model in range(5):
        for heap in (0, 1):
            options = [9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, heap, heap]
            program = [OPEN, 0, 0, model, heap, 0, CREATE, 0, 0] + options + use * 3
            (folder / f"model{model}.{heap}").write_bytes(bytes(program))
    (folder / "numbers").write_bytes(bytes(range(256)))


def main():
    for name, make in (("fuzz_image", images), ("fuzz_feed", feeds), ("fuzz_calls", calls)):
        folder = pathlib.Path(sys.argv[1]) / name
        folder.mkdir(parents=True, exist_ok=True)
        make(folder)


if __name__ == "__main__":
    main()
