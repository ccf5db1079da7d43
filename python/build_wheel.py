# SPDX-License-Identifier: Apache-2.0
"""Makes the wheels, without network and without other packages.

    python3 build_wheel.py --library libpipit.so.1 --out dist

The one with the library is tagged for the machine and the C library that the library was built for
(read from the file), and for every Python 3; the drop-in packages for every machine.
"""

import argparse
import base64
import contextlib
import hashlib
import os
import pathlib
import re
import struct
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SUMMARY = "Runs .tflite models on ARM Linux boards"
MACHINES = {62: "x86_64", 183: "aarch64", 40: "armv7l"}
REQUIRES = [("Requires-Dist", "numpy")]
DROP_INS = {"pipit_tflite_runtime": "tflite_runtime", "pipit_ai_edge_litert": "ai_edge_litert"}


def project_version():
    text = (HERE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"project\(pipit VERSION (\S+)", text).group(1)


def platform_tag(library):
    """manylinux_X_Y_machine: Y is the newest version of glibc that a symbol asks for. The library
    needs nothing beyond what every manylinux system has, or this refuses it."""
    data = library.read_bytes()
    if data[:4] != b"\x7fELF":
        raise SystemExit("%s is no shared library" % library)
    machine = MACHINES[struct.unpack_from("<H", data, 18)[0]]
    needed = set(re.findall(rb"\0(lib[\w+.-]+\.so\.\d+)", data)) - {b"libpipit.so.1"}
    foreign = {n for n in needed if not re.match(rb"lib(c|m|pthread|dl|rt)\.so\.\d$", n)}
    if foreign:
        raise SystemExit("%s needs %s" % (library, ", ".join(sorted(map(str, foreign)))))
    versions = [tuple(map(int, v)) for v in re.findall(rb"GLIBC_(\d+)\.(\d+)\0", data)]
    return "manylinux_%d_%d_%s" % (*max(versions + [(2, 17)]), machine)


def metadata(name, version, requires):
    lines = ["Metadata-Version: 2.1", "Name: %s" % name.replace("_", "-"), "Version: %s" % version,
             "Summary: %s" % SUMMARY, "License: Apache-2.0", "Requires-Python: >=3.8"]
    return "\n".join(lines + ["%s: %s" % r for r in requires]) + "\n"


@contextlib.contextmanager
def whole(path):
    """Where to write what becomes the file `path` when nothing fails."""
    part = path.with_name(".%s.%d" % (path.name, os.getpid()))
    try:
        yield part
        os.replace(part, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def write_wheel(out, name, version, tag, files, requires):
    """A zip of `files` ({name in it: bytes}) with its list of hashes."""
    info = "%s-%s.dist-info" % (name, version)
    files = dict(files)
    files[info + "/METADATA"] = metadata(name, version, requires).encode()
    files[info + "/WHEEL"] = ("Wheel-Version: 1.0\nGenerator: build_wheel\nRoot-Is-Purelib: %s\n"
                              "Tag: py3-none-%s\n"
                              % ("true" if tag == "any" else "false", tag)).encode()
    files[info + "/LICENSE"] = (HERE.parent / "LICENSE").read_bytes()
    record = "".join("%s,sha256=%s,%d\n" % (
        path, base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode(),
        len(data)) for path, data in files.items())
    files[info + "/RECORD"] = (record + info + "/RECORD,,\n").encode()
    path = out / ("%s-%s-py3-none-%s.whl" % (name, version, tag))
    with whole(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as wheel:
        for member, data in files.items():
            entry = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))  # the same bytes each time
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, data)
    return path


def sources(package):
    return {str(p.relative_to(HERE)): p.read_bytes() for p in sorted((HERE / package).iterdir())
            if p.suffix == ".py" or p.name == "py.typed"}


def write_all(library, out):
    """The wheels of a library and of the drop-in packages; their paths, the library's first."""
    out.mkdir(parents=True, exist_ok=True)
    version = project_version()
    files = sources("pipit")
    files["pipit/libpipit.so.1"] = library.read_bytes()
    made = [write_wheel(out, "pipit", version, platform_tag(library), files, REQUIRES)]
    return made + [write_wheel(out, name, version, "any", sources(package),
                               [("Requires-Dist", "pipit (==%s)" % version)])
                   for name, package in DROP_INS.items()]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--library", type=pathlib.Path, required=True)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("dist"))
    arguments = arguments.parse_args()
    for path in write_all(arguments.library, arguments.out):
        print(path)


if __name__ == "__main__":
    main()
