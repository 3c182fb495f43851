"""A guard: are `actors` and `protocol` the packages of this distribution, or strangers of the same name?

Both names are common. A `protocol.py` in a program's own folder comes before ours on `sys.path`, and a wheel with a
package of that name overwrites ours at installation without a message; when it is uninstalled, the files are gone.
Each time Python would only say that some name cannot be imported. So the two are looked at before they are imported:
importing a stranger would run it.
"""

import os
import sys
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Final

__all__ = ["MARKER", "refuse_intruders"]

MARKER: Final = "trio-orders, and no other distribution"
"""What the `__init__.py` of both packages assigns to `__belongs_to__`."""

_INSTALL_AGAIN: Final = "install trio-orders again: pip install --force-reinstall --no-deps trio-orders"


def refuse_intruders() -> None:
    """Raises ImportError when something else than our package would be imported as `actors` or `protocol`. The sentence
    names the intruder's file and says what to do."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in ("actors", "protocol"):
        expected = os.path.join(root, name, "__init__.py")
        try:
            spec = find_spec(name)
        except ValueError:  # a module that some program put into sys.modules by hand
            problem = f"{sys.modules.get(name)!r} has been put into sys.modules under that name. Choose another for it"
            raise _refusal(name, None, problem) from None
        if spec is None or spec.origin is None:  # nothing, or a folder without `__init__.py`
            problem = f"{expected} is missing. Another distribution may have taken it along when it was uninstalled"
            raise _refusal(name, expected, f"{problem}: {_INSTALL_AGAIN}")
        found = spec.origin
        is_beside = os.path.realpath(os.path.dirname(os.path.dirname(found))) == os.path.realpath(root)
        if not _is_marked(name, spec):
            raise _refusal(name, found, _advice(name, found, is_beside))
        if not is_beside:
            problem = f"{found} is of another copy of trio-orders than {root}. Take one of the two off sys.path"
            raise _refusal(name, found, problem)


def _is_marked(name: str, spec: ModuleSpec) -> bool:
    loader = spec.loader
    if not isinstance(loader, InspectLoader):
        return False
    try:
        source = loader.get_source(name)
    except (ImportError, SyntaxError):  # it is not text
        return False
    if source is not None:
        return MARKER in source
    code = loader.get_code(name)  # a program that is shipped as bytecode alone
    return code is not None and MARKER in code.co_consts


def _advice(name: str, found: str, is_beside: bool) -> str:
    owner = _owner(name, found)
    whose = "another distribution" if owner is None else f"the distribution {owner!r}"
    if is_beside:
        return f"{found} is of {whose}, which has overwritten ours. Uninstall that one, then {_INSTALL_AGAIN}"
    if owner is not None:
        return f"{found}, which is of {whose}, would be imported instead. Uninstall that one"
    return f"{found} would be imported instead. Rename it, or take its folder off sys.path"


def _owner(name: str, found: str) -> str | None:
    """The installed distribution that has brought this file."""
    from importlib.metadata import distributions  # slow to load, and seldom needed

    for distribution in distributions():
        if distribution.name != "trio-orders":
            for file in distribution.files or ():
                if file.parts[0] in (name, f"{name}.py") and str(distribution.locate_file(file)) == found:
                    return distribution.name
    return None


def _refusal(name: str, path: str | None, problem: str) -> ImportError:
    return ImportError(f"trio_orders needs its own package {name!r}, but {problem}.", name=name, path=path)
