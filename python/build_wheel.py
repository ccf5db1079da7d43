# SPDX-License-Identifier: Apache-2.0
"""Makes the wheels, without network and without other packages.

    python3 build_wheel.py --library libpipit.so.1 --out dist

The one with the library is tagged for the machine and the C libraries that the library runs with
(read from the file), and for every Python 3; the drop-in packages for every machine. With
--as-originals those have the names of the packages that they stand for, so that other packages which
require these find them in a folder (pip install --find-links); no index may have such wheels.
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
MUSL_MACHINES = {"x86_64", "aarch64"}
SYMBOLS = 11  # the type of an ELF file's section that lists what is dynamic
NAME = "pipit_runtime"  # the package that is imported is pipit
REQUIRES = [("Requires-Dist", "numpy")]
PACKED = {".py", ".bfbs"}
DROP_INS = ["tflite_runtime", "ai_edge_litert"]
# Newer than every version that others require; the part behind the + keeps it from indexes.
ORIGINALS_VERSION = "2.99.0+pipit"
NO_INDEX = ("Classifier", "Private :: Do Not Upload")
PYINSTALLER = b"[pyinstaller40]\nhook-dirs = pipit._pyinstaller:hook_dirs\n"


def project_version():
    text = (HERE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"project\(pipit VERSION (\S+)", text).group(1)


def platform_tags(library):
    """manylinux_X_Y_machine: Y is the newest version of glibc that a symbol asks for. The library
    needs nothing beyond what every manylinux system has, or this refuses it. And musllinux, when it
    asks for nothing that musl lacks."""
    machine, names = dynamic_names(library)
    needed = set(re.findall(rb"\0(lib[\w+.-]+\.so\.\d+)", names)) - {b"libpipit.so.1"}
    foreign = {n for n in needed if not re.match(rb"lib(c|m|pthread|dl|rt)\.so\.\d$", n)}
    if foreign:
        raise SystemExit("%s needs %s" % (library, ", ".join(sorted(map(str, foreign)))))
    versions = [tuple(map(int, v)) for v in re.findall(rb"GLIBC_(\d+)\.(\d+)\0", names)]
    tags = ["manylinux_%d_%d_%s" % (*max(versions + [(2, 17)]), machine)]
    return tags + ["musllinux_1_1_" + machine] * (machine in MUSL_MACHINES and not glibc_only(names))


def glibc_only(names):
    """Those that musl has not."""
    return re.findall(rb"\0(ld-linux[\w.-]+|statx|__getauxval|__(?!stack_chk)\w+_chk)(?=\0)", names)


def dynamic_names(library):
    """The machine that a shared library is for, and the names of libraries, functions and versions
    that it gives and asks for, each between zero bytes."""
    data = library.read_bytes()
    if data[:4] != b"\x7fELF":
        raise SystemExit("%s is no shared library" % library)
    # Of the header: where sections are, their size and number; of each: type, place, size, link.
    header, section = ("<40xQ10xHH", "<4xI16xQQI") if data[4] == 2 else ("<32xI10xHH", "<4xI8xIII")
    start, size, count = struct.unpack_from(header, data)
    sections = [struct.unpack_from(section, data, start + i * size) for i in range(count)]
    link = next(link for kind, _, _, link in sections if kind == SYMBOLS)
    _, place, length, _ = sections[link]
    return MACHINES[struct.unpack_from("<H", data, 18)[0]], data[place:place + length]


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


def write_wheel(out, name, version, tags, files, requires):
    """A zip of `files` ({name in it: bytes}) with its list of hashes."""
    tag = ".".join(tags)
    info = "%s-%s.dist-info" % (name, version)
    files = dict(files)
    files[info + "/METADATA"] = metadata(name, version, requires).encode()
    files[info + "/WHEEL"] = ("Wheel-Version: 1.0\nGenerator: build_wheel\nRoot-Is-Purelib: %s\n"
                              % ("true" if tag == "any" else "false")
                              + "".join("Tag: py3-none-%s\n" % t for t in tags)).encode()
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
    """What a package brings, by its place in a wheel; the converter has a room of its own."""
    found = _packed(HERE / package, HERE, "")
    if package == "pipit":
        found.update(_packed(HERE.parent / "convert", HERE.parent, "pipit/"))
    return found


def _packed(folder, above, prefix):
    return {prefix + p.relative_to(above).as_posix(): p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.suffix in PACKED or p.name == "py.typed"}


def write_all(library, out, as_originals=False):
    """The wheels of a library and of the drop-in packages; their paths, the library's first."""
    out.mkdir(parents=True, exist_ok=True)
    version = project_version()
    files = sources("pipit")
    files["pipit/libpipit.so"] = library.read_bytes()
    files["%s-%s.dist-info/entry_points.txt" % (NAME, version)] = PYINSTALLER
    made = [write_wheel(out, NAME, version, platform_tags(library), files, REQUIRES)]
    return made + [write_drop_in(out, package, version, as_originals) for package in DROP_INS]


def write_drop_in(out, package, version, as_original):
    requires = [("Requires-Dist", "%s (==%s)" % (NAME.replace("_", "-"), version))]
    if as_original:
        return write_wheel(out, package, ORIGINALS_VERSION, ["any"], sources(package),
                           requires + [NO_INDEX])
    return write_wheel(out, "pipit_" + package, version, ["any"], sources(package), requires)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--library", type=pathlib.Path, required=True)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("dist"))
    arguments.add_argument("--as-originals", action="store_true",
                           help="name the drop-in packages tflite_runtime and ai_edge_litert")
    arguments = arguments.parse_args()
    for path in write_all(arguments.library, arguments.out, arguments.as_originals):
        print(path)


if __name__ == "__main__":
    main()
