"""A place in a panel whose contents are replaced when what it shows has changed."""

from PySide6.QtWidgets import QBoxLayout, QLayout, QSizePolicy, QWidget

from app.ui.kit.layout import Item, clear, column


class Refill(QWidget):
    """Empty and without height until `show_items`."""

    def __init__(self, *items: Item, gap: int = 12) -> None:
        super().__init__()
        self._gap = gap
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setLayout(column(gap=gap))
        self.show_items(*items)

    def show_items(self, *items: Item) -> None:
        """Replace the contents; what was there is deleted."""
        layout = self.layout()
        assert isinstance(layout, QBoxLayout)
        clear(layout)
        for item in items:
            piece, stretch = item if isinstance(item, tuple) else (item, 0)
            if piece is None:
                layout.addStretch(1)
            elif isinstance(piece, int):
                layout.addSpacing(piece)
            elif isinstance(piece, QLayout):
                layout.addLayout(piece, stretch)
            else:
                layout.addWidget(piece, stretch)
        self.setVisible(bool(items))
