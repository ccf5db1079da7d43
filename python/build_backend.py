# SPDX-License-Identifier: Apache-2.0
"""How pip builds Pipit from source, and how the source distribution is made (PEP 517).

    python3 -c "import build_backend; build_backend.build_sdist('dist')"

The source distribution brings what the build otherwise takes from the system's packages, so that
gcc, cmake and make are enough.
"""

import gzip
import io
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

from build_wheel import HERE, NAME, REQUIRES, metadata, project_version, whole, write_all

ROOT = HERE.parent
SOURCES = ["CHANGELOG.md", "CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml", "capi",
           "cmake", "convert", "core", "kernels", "platform", "python"]
BUNDLED = ROOT / "bundled"


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """Without this, pip builds the wheel twice: the first one to read its name."""
    folder = pathlib.Path(metadata_directory) / ("%s-%s.dist-info" % (NAME, project_version()))
    folder.mkdir()
    (folder / "METADATA").write_text(_metadata())
    return folder.name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with tempfile.TemporaryDirectory() as build:
        subprocess.run(["cmake", "-S", ROOT, "-B", build, "-DPIPIT_BUILD_TOOLS=OFF",
                        "-DPIPIT_BUILD_TESTS=OFF", "-DPIPIT_BUILD_BENCH=OFF"], check=True)
        subprocess.run(["cmake", "--build", build, "--target", "pipit_shared", "--parallel",
                        str(os.cpu_count() or 1)], check=True)
        library = pathlib.Path(build) / "lib" / "libpipit.so.1"
        return write_all(library, pathlib.Path(wheel_directory))[0].name


def build_sdist(sdist_directory, config_settings=None):
    version = project_version()
    folder = "%s-%s" % (NAME, version)
    name = pathlib.Path(sdist_directory) / (folder + ".tar.gz")
    name.parent.mkdir(parents=True, exist_ok=True)
    with whole(name) as part, open(part, "wb") as file, \
            gzip.GzipFile(fileobj=file, filename="", mode="wb", mtime=0) as zipped, \
            tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, folder + "/PKG-INFO", _metadata())
        for path in _sources():
            _add(tar, "%s/%s" % (folder, path.relative_to(ROOT)), path.read_bytes())
        for path, data in _bundled().items():
            _add(tar, "%s/bundled/%s" % (folder, path), data)
    return name.name


def _metadata():
    return metadata(NAME, project_version(), REQUIRES)


def _add(tar, name, data):
    data = data.encode() if isinstance(data, str) else data
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o644, 0  # the same bytes each time
    tar.addfile(entry, io.BytesIO(data))


def _sources():
    for name in SOURCES:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not {"__pycache__", "dist"} & set(path.relative_to(ROOT).parts):
                yield path


def _bundled():
    """The reader of the file format, generated, and the headers that it includes."""
    if BUNDLED.is_dir():
        return {str(p.relative_to(BUNDLED)): p.read_bytes()
                for p in sorted(BUNDLED.rglob("*")) if p.is_file()}
    flatc = shutil.which("flatc")
    if flatc is None:
        raise RuntimeError("making a source distribution needs flatc")
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([flatc, "--cpp", "--scoped-enums", "-o", made,
                        ROOT / "core" / "schema" / "tflite.fbs"], check=True)
        found = {"tflite_generated.h": (pathlib.Path(made) / "tflite_generated.h").read_bytes()}
    headers = pathlib.Path(flatc).resolve().parent.parent / "include"
    wanted = ["flatbuffers/flatbuffers.h", "flatbuffers/flexbuffers.h"]
    while wanted:
        name = wanted.pop()
        if name in found or not (headers / name).is_file():
            continue
        found[name] = (headers / name).read_bytes()
        wanted += re.findall(r'#include "(flatbuffers/[\w.]+)"', found[name].decode())
    licence = pathlib.Path("/usr/share/doc/libflatbuffers-dev/copyright")
    if licence.is_file():
        found["flatbuffers/copyright"] = licence.read_bytes()
    return found
