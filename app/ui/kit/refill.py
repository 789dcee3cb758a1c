"""A place in a panel whose contents are replaced when what it shows has changed."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from app.ui.kit.layout import Item, column, put, take
from app.ui.kit.turns import forget, in_turn

Make = Callable[[], Item]


class Refill(QWidget):
    """Empty and without height until it is given something."""

    def __init__(self, *items: Item, gap: int = 12) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setLayout(column(gap=gap))
        self.show_items(*items)

    def show_items(self, *items: Item) -> None:
        """Replace the contents; what was there is deleted."""
        forget(self)
        self._cut(0)
        for index, item in enumerate(items):
            put(self._box, item, index)
        self.setVisible(bool(items))

    def show_in_turns(self, *makers: Make) -> None:
        """The same for what takes long to make: the first now, each other in a turn of its own.

        Each takes the place of what stood there, so nothing is blank or jumps meanwhile.
        """
        forget(self)
        if not makers:
            self.show_items()
            return
        self._replace(0, makers[0])
        self.setVisible(True)
        in_turn(self, *(partial(self._replace, n, make) for n, make in enumerate(makers[1:], 1)))
        in_turn(self, partial(self._cut, len(makers)))

    @property
    def _box(self) -> QBoxLayout:
        layout = self.layout()
        assert isinstance(layout, QBoxLayout)
        return layout

    def _replace(self, index: int, make: Make) -> None:
        new = make()
        if index < self._box.count():
            take(self._box, index)
        put(self._box, new, index)

    def _cut(self, index: int) -> None:
        """Take out what stands from there on."""
        while self._box.count() > index:
            take(self._box, index)
