"""Name -> member tables, filled when a family's modules are imported."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Generic, TypeVar

from app.errors import InputError

T = TypeVar("T")


class Registry(Generic[T]):
    """The members of one family (graders, tools, engines ...) by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> T:
        assert name not in self._items, f"duplicate {self.kind} {name!r}"
        self._items[name] = item
        return item

    def __getitem__(self, name: str) -> T:
        """The member of that name; raises InputError naming the known ones."""
        try:
            return self._items[name]
        except KeyError:
            known = ", ".join(sorted(self._items))
            raise InputError(f"There is no {self.kind} named {name!r}. Known: {known}.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))

    def __len__(self) -> int:
        return len(self._items)


def load_family(package: ModuleType) -> None:
    """Import every module of `package`, so that its members register themselves."""
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(info.name)
