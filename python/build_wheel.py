# SPDX-License-Identifier: Apache-2.0
"""Makes the wheels, without network and without other packages.

    python3 build_wheel.py --library libpipit.so.1 --tflite libtensorflowlite_c.so --out dist

The one with the library (and the one that serves delegates written for TensorFlow Lite) is tagged for the machine and the C libraries that the library runs with
(read from the file), and for every Python 3; the drop-in packages for every machine. With
--as-originals those have the names of the packages that they stand for, so that other packages which
require these find them in a folder (pip install --find-links); no index may have such wheels.

--command packs the static `pipit` of the same build, which the wheel then installs as a command.
What of others is linked into both is named in the wheel's licences.
"""

import argparse
import base64
import contextlib
import hashlib
import os
import pathlib
import platform
import re
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile

import linked

HERE = pathlib.Path(__file__).resolve().parent
SUMMARY = "Runs .tflite models on ARM Linux boards"
MACHINES = {62: "x86_64", 183: "aarch64", 40: "armv7l"}
MUSL_MACHINES = {"x86_64", "aarch64"}
SYMBOLS = 11  # the type of an ELF file's section that lists what is dynamic
NAME = "pipit_runtime"  # the package that is imported is pipit
REQUIRES = [("Provides-Extra", "numpy"), ("Requires-Dist", 'numpy ; extra == "numpy"')]
PACKED = {".py", ".bfbs"}
DROP_INS = ["tflite_runtime", "ai_edge_litert"]
# Newer than every version that others require; the part behind the + keeps it from indexes.
ORIGINALS_VERSION = "2.99.0+pipit"
NO_INDEX = ("Classifier", "Private :: Do Not Upload")
ENTRY_POINTS = (b"[console_scripts]\npipit = pipit._command:main\n\n"
                b"[pyinstaller40]\nhook-dirs = pipit._pyinstaller:hook_dirs\n")
STRIPS = {"aarch64": "aarch64-linux-gnu-strip", "armv7l": "arm-linux-gnueabihf-strip",
          "x86_64": "x86_64-linux-gnu-strip"}
INTERPRETER = 3  # the type of an ELF file's segment that a dynamic program has
CLASSIFIERS = [
    "Development Status :: 4 - Beta",
    "Environment :: Console",
    "Intended Audience :: Developers",
    "Intended Audience :: Science/Research",
    "License :: OSI Approved :: Apache Software License",
    "Operating System :: POSIX :: Linux",
    "Programming Language :: C++",
    "Programming Language :: Python :: 3",
    "Programming Language :: Python :: 3 :: Only",
    "Programming Language :: Python :: Implementation :: CPython",
    "Topic :: Scientific/Engineering :: Artificial Intelligence",
    "Topic :: Scientific/Engineering :: Image Recognition",
    "Typing :: Typed",
]


def project_version():
    """What CMake's project() says."""
    text = (HERE.parent / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"project\(pipit VERSION (\S+)", text).group(1)


def platform_tags(library, tflite):
    """manylinux_X_Y_machine: Y is the newest version of glibc that a symbol asks for. The libraries
    need nothing beyond what every manylinux system has, or this refuses them. And musllinux, when the
    first asks for nothing that musl lacks: without the second, all but its delegates works."""
    machine, names = dynamic_names(library)
    check_needed(library, names, rb"c|m|pthread|dl|rt")
    versions = [glibc_version(names)]
    if tflite is not None:
        theirs, tflite_names = dynamic_names(tflite)
        if theirs != machine:
            raise SystemExit("%s is for %s, %s for %s" % (tflite, theirs, library, machine))
        check_needed(tflite, tflite_names, rb"c|m|pthread|dl|rt|stdc\+\+|gcc_s")
        versions.append(glibc_version(tflite_names))
    tags = ["manylinux_%d_%d_%s" % (*max(versions), machine)]
    return tags + ["musllinux_1_1_" + machine] * (machine in MUSL_MACHINES and not glibc_only(names))


def check_needed(library, names, allowed):
    needed = set(re.findall(rb"\0(lib[\w+.-]+\.so\.\d+)", names)) - {b"libpipit.so.1"}
    foreign = {n for n in needed if not re.match(rb"lib(%s)\.so\.\d$" % allowed, n)}
    if foreign:
        raise SystemExit("%s needs %s" % (library, ", ".join(sorted(map(str, foreign)))))


def glibc_version(names):
    """The newest that a symbol asks for."""
    versions = [tuple(map(int, v)) for v in re.findall(rb"GLIBC_(\d+)\.(\d+)\0", names)]
    return max(versions + [(2, 17)])


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


def urls():
    """None where nobody has said where Pipit lives."""
    home = os.environ.get("PIPIT_HOMEPAGE")
    if not home:
        return []
    pages = [("Homepage", ""), ("Source", "")]
    if home.startswith("https://github.com/"):
        pages += [("Documentation", "/tree/main/docs"), ("Issues", "/issues"),
                  ("Changelog", "/blob/main/CHANGELOG.md")]
    return [("Project-URL", "%s, %s%s" % (label, home, page)) for label, page in pages]


def description():
    """README.md, whose links to files lead nowhere elsewhere."""
    text = (HERE.parent / "README.md").read_text(encoding="utf-8")
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", text)


def metadata(name, version, requires):
    fields = [("Metadata-Version", "2.1"), ("Name", name.replace("_", "-")), ("Version", version),
              ("Summary", SUMMARY), ("Author", "The Pipit authors"), ("License", "Apache-2.0"),
              ("License-File", "LICENSE"), ("Requires-Python", ">=3.9"),
              ("Keywords", "tflite,tensorflow-lite,litert,raspberry-pi,inference"),
              ("Description-Content-Type", "text/markdown")]
    fields += urls() + [("Classifier", c) for c in CLASSIFIERS] + requires
    return "\n".join("%s: %s" % field for field in fields) + "\n\n" + description()


def stripped(path, machine):
    """Its bytes without the names that only debuggers read, where there is a tool for its machine."""
    tool = shutil.which(STRIPS[machine])
    if tool is None and machine in (platform.machine(), {"armv8l": "armv7l"}.get(platform.machine())):
        tool = shutil.which("strip")
    if tool is None:
        print("build_wheel.py: no %s: %s keeps its symbols" % (STRIPS[machine], path), file=sys.stderr)
        return path.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "stripped"
        subprocess.run([tool, "--strip-unneeded", "-o", copy, path], check=True)
        return copy.read_bytes()


def check_program(path, machine):
    """The command has to be for the machine of the library, and static."""
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or MACHINES.get(struct.unpack_from("<H", data, 18)[0]) != machine:
        raise SystemExit("%s is no program for %s" % (path, machine))
    # Of the header: where segments are, their size and number.
    start, size, count = struct.unpack_from("<32xQ14xHH" if data[4] == 2 else "<28xI10xHH", data)
    if INTERPRETER in (struct.unpack_from("<I", data, start + i * size)[0] for i in range(count)):
        raise SystemExit("%s is not static: it would need what the board may lack" % path)


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
            # pip makes executable what is so and says that it is a file.
            entry.external_attr = (stat.S_IFREG | (0o755 if "/bin/" in member else 0o644)) << 16
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


def write_all(library, out, tflite=None, as_originals=False, command=None):
    """The wheels of the libraries and of the drop-in packages; their paths, the libraries' first."""
    out.mkdir(parents=True, exist_ok=True)
    version = project_version()
    info = "%s-%s.dist-info/" % (NAME, version)
    files = sources("pipit")
    machine, _ = dynamic_names(library)
    files["pipit/libpipit.so"] = stripped(library, machine)
    if tflite is not None:
        files["pipit/libtensorflowlite_c.so"] = stripped(tflite, machine)
    if command is not None:
        check_program(command, machine)
        files["pipit/bin/pipit"] = stripped(command, machine)
    files[info + "entry_points.txt"] = ENTRY_POINTS
    files[info + "NOTICES"] = linked.notices("command" if command else "library", machine).encode()
    made = [write_wheel(out, NAME, version, platform_tags(library, tflite), files, REQUIRES)]
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
    arguments.add_argument("--tflite", type=pathlib.Path, help="libtensorflowlite_c.so, with which "
                           "delegates that were written for TensorFlow Lite run")
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("dist"))
    arguments.add_argument("--as-originals", action="store_true",
                           help="name the drop-in packages tflite_runtime and ai_edge_litert")
    arguments.add_argument("--command", type=pathlib.Path,
                           help="the static command of the same build, to install it, too")
    arguments = arguments.parse_args()
    for path in write_all(arguments.library, arguments.out, arguments.tflite, arguments.as_originals,
                          arguments.command):
        print(path)


if __name__ == "__main__":
    main()
