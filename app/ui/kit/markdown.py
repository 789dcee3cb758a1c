"""Markdown as text to read: nothing in it is run, fetched or opened."""

from collections.abc import Iterable

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QGuiApplication,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QToolTip

from app.ui.kit.prose import Prose
from app.ui.kit.text import tip
from app.ui.theme import theme

GAP, LIST_GAP = 8, 3  # pixels between paragraphs, and between the items of a list
INDENT = 14  # pixels a list stands in; Qt's own 40 would waste a narrow place
HEADINGS = {1: 1.15, 2: 1.08}  # of the body size: a heading within a text, not of the window
QUOTE = QTextFormat.Property.BlockQuoteLevel
DIALECT = (
    QTextDocument.MarkdownFeature.MarkdownNoHTML
    | QTextDocument.MarkdownFeature.MarkdownDialectGitHub
)


class Markdown(Prose):
    """At its full height. A link's address is shown, and copied at a click, never opened; a picture
    is named by its words and address, never loaded; HTML is shown as it is written."""

    def __init__(self, text: str, name: str) -> None:
        self._markdown = text
        super().__init__(text, name)
        self.setOpenLinks(False)
        self.anchorClicked.connect(self.follow)
        self.highlighted.connect(lambda url: self.setToolTip(tip(url.toString())))

    def show_text(self, text: str) -> None:
        self._markdown = text
        self.retheme()

    def retheme(self) -> None:
        self.document().setIndentWidth(theme().px(INDENT))
        self.setFont(theme().font("body"))
        self.document().setMarkdown(self._markdown, DIALECT)
        whole = QTextCursor(self.document())
        whole.beginEditBlock()  # laid out once, not at every change
        for start, length, words in reversed(_images(self.document())):
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(words, _faint())
        self._link()
        self._dress()
        whole.endEditBlock()
        self._fit()

    def loadResource(self, kind: int, name: object) -> object:
        """Nothing is fetched for a text."""
        return None

    def links(self, words: str) -> Iterable[tuple[int, int, str]]:
        """Place, length and address of what becomes a link without being written as one; nothing."""
        return ()

    def follow(self, url: QUrl) -> None:
        """A link was clicked: its address is copied, and shown."""
        QGuiApplication.clipboard().setText(url.toString())
        place = self.mapToGlobal(self.cursorRect().bottomLeft())
        QToolTip.showText(place, tip(f"Address copied: {url.toString()}"), self)

    def _link(self) -> None:
        if not any(self.links(self.document().toPlainText())):
            return
        block = self.document().begin()
        while block.isValid():
            for start, length, look in fragments(block):
                if not (look.isAnchor() or _is_mono(look) or _is_code(block.blockFormat())):
                    self._link_words(block, start, length)
            block = block.next()

    def _link_words(self, block: QTextBlock, start: int, length: int) -> None:
        """Qt counts in UTF-16 units, Python in characters: an emoji is two and one."""
        first = start - block.position()
        units = block.text().encode("utf-16-le", "surrogatepass")[2 * first : 2 * (first + length)]
        words = units.decode("utf-16-le", "surrogatepass")
        for at, long, address in self.links(words):
            change = QTextCharFormat()
            change.setAnchor(True)
            change.setAnchorHref(address)
            cursor = QTextCursor(block)
            cursor.setPosition(start + _units(words[:at]))
            cursor.movePosition(
                QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor, long
            )
            cursor.mergeCharFormat(change)

    def _dress(self) -> None:
        """Air between paragraphs (Qt's Markdown leaves none, or a whole line), code in our font."""
        block, first = self.document().begin(), True
        while block.isValid():
            look = block.blockFormat()
            code, quoted = _is_code(look), look.intProperty(QUOTE)
            cursor = QTextCursor(block)
            if cursor.currentTable() is not None:
                gap = 0
            else:
                inner = code and _is_code(block.previous().blockFormat())
                listed = block.textList() is not None and not code
                gap = 0 if first or inner else LIST_GAP if listed else GAP
            look.setTopMargin(theme().px(gap))
            look.setBottomMargin(0)
            if quoted:
                look.setLeftMargin(theme().px(INDENT) * quoted)
            if code:
                look.setNonBreakableLines(False)  # there is no sideways scrolling here
                look.setBackground(theme().color("sunken"))
            cursor.setBlockFormat(look)
            _dress_words(block, code=code, quoted=bool(quoted))
            block, first = block.next(), False
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                _dress_table(frame)


def _is_code(look: QTextBlockFormat) -> bool:
    return look.hasProperty(QTextFormat.Property.BlockCodeFence) or look.nonBreakableLines()


def _units(words: str) -> int:
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def _is_mono(look: QTextCharFormat) -> bool:
    return look.fontFixedPitch() or "monospace" in (look.fontFamilies() or [])


def _faint() -> QTextCharFormat:
    look = QTextCharFormat()
    look.setForeground(theme().color("text_2"))
    look.setFontItalic(True)
    return look


def _images(document: QTextDocument) -> list[tuple[int, int, str]]:
    """Where pictures stand, and the words to put there."""
    found = []
    block = document.begin()
    while block.isValid():
        for start, length, look in fragments(block):
            if look.isImageFormat():
                image = look.toImageFormat()
                alt = str(image.property(QTextFormat.Property.ImageAltText) or "")
                words = ", ".join(word for word in (alt, image.name()) if word)
                found.append((start, length, f"[image: {words}]"))
        block = block.next()
    return found


def fragments(block: QTextBlock) -> list[tuple[int, int, QTextCharFormat]]:
    """Place, length and look of each stretch of a paragraph."""
    found = []
    at = block.begin()
    while not at.atEnd():
        piece = at.fragment()
        found.append((piece.position(), piece.length(), piece.charFormat()))
        at += 1
    return found


def _dress_table(table: QTextTable) -> None:
    first = table.cellAt(0, 0).firstCursorPosition()
    if not first.block().text() and table.cellAt(0, 0).lastCursorPosition() != first:
        first.deleteChar()  # Qt's Markdown begins a table with an empty line
    look = table.format()
    look.setBorderCollapse(True)
    look.setBorder(1)
    look.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    look.setBorderBrush(theme().color("border_control"))
    look.setCellSpacing(0)
    look.setCellPadding(theme().px(4))
    look.setTopMargin(theme().px(GAP))
    look.setBottomMargin(0)
    table.setFormat(look)


def _dress_words(block: QTextBlock, *, code: bool, quoted: bool) -> None:
    level = block.blockFormat().headingLevel()
    for start, length, look in fragments(block):
        mono = code or _is_mono(look)
        change = QTextCharFormat()
        if mono:
            change.setFont(theme().font("code"))
        elif level:
            change.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
            change.setProperty(
                QTextFormat.Property.FontPixelSize,
                round(theme().text_px("body") * HEADINGS.get(level, 1.0)),
            )
        elif look.isAnchor():
            change.setForeground(theme().color("accent_text"))
        elif quoted:
            change.setForeground(theme().color("text_2"))
        else:
            continue
        cursor = QTextCursor(block.document())
        cursor.setPosition(start)
        cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(change)
