"""A guard: are `actors` and `protocol` the packages of this distribution, or strangers of the same name?

Both names are common. A `protocol.py` in a program's own folder comes before ours on `sys.path`, and a wheel with a
package of that name overwrites ours at installation without a message; when it is uninstalled, the files are gone.
Each time Python would only say that some name cannot be imported. So the two are looked at before they are imported:
importing a stranger would run it.
"""

import os
import sys
from collections.abc import Callable
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from typing import Final

__all__ = ["MARKER", "refuse_intruders"]

MARKER: Final = "trio-orders, and no other distribution"
"""What the `__init__.py` of both packages assigns to `__belongs_to__`."""

_INSTALL_AGAIN: Final = "install trio-orders again: pip install --force-reinstall --no-deps trio-orders"


def refuse_intruders(find: Callable[[str], ModuleSpec | None] = find_spec) -> None:
    """Raises ImportError when something else than our package would be imported as `actors` or `protocol`. The sentence
    names the intruder's file and says what to do."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in ("actors", "protocol"):
        expected = os.path.join(root, name, "__init__.py")
        try:
            spec = find(name)
        except ValueError:  # it is imported already, and was not found on any path
            raise _refusal(name, None, f"{sys.modules.get(name)!r} has taken its name. Do not put it there") from None
        if spec is None or spec.origin is None:
            problem = f"the file {expected} is missing. Another distribution may have removed it; {_INSTALL_AGAIN}"
            raise _refusal(name, expected, problem)
        found = spec.origin
        is_beside = os.path.realpath(os.path.dirname(os.path.dirname(found))) == os.path.realpath(root)
        if not _is_marked(name, spec):
            raise _refusal(name, found, _advice(found, is_beside))
        if not is_beside:
            problem = f"{found} is of another copy of trio-orders than {root}. Take one of the two off sys.path"
            raise _refusal(name, found, problem)


def _is_marked(name: str, spec: ModuleSpec) -> bool:
    loader = spec.loader
    if not isinstance(loader, InspectLoader):
        return False
    try:
        source = loader.get_source(name)
    except ImportError:  # it is not text
        return False
    if source is not None:
        return MARKER in source
    code = loader.get_code(name)  # a program that is shipped as bytecode alone
    return code is not None and MARKER in code.co_consts


def _advice(found: str, is_beside: bool) -> str:
    if is_beside:
        return (
            f"{found} comes from another distribution, which has overwritten ours. Uninstall that one, then"
            f" {_INSTALL_AGAIN}"
        )
    return f"{found} would be imported instead. Rename it, or take its folder off sys.path"


def _refusal(name: str, path: str | None, problem: str) -> ImportError:
    return ImportError(f"trio_orders needs its own package {name!r}, but {problem}.", name=name, path=path)
