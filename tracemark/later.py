"""Names of a package that are imported when they are first asked for (PEP 562).

A program that only marks should not pay for loading what traces.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def later(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """What stands in a package as `__getattr__`.

    Parameters
    ----------
    package : str
        Name of the package.
    homes : mapping of str to str
        Module, and the names that come from it, with spaces between them.
    """
    home = {name: module for module, names in homes.items() for name in names.split()}

    def found(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return found
