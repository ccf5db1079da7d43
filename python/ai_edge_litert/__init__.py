# SPDX-License-Identifier: Apache-2.0
"""Stands in for the package of this name: its interpreter is Pipit's."""

from pipit import __version__ as __version__
