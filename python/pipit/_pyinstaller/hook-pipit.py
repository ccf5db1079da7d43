# SPDX-License-Identifier: Apache-2.0
"""What PyInstaller does for programs that import pipit."""

from PyInstaller.utils.hooks import collect_dynamic_libs  # type: ignore

binaries = collect_dynamic_libs("pipit")
