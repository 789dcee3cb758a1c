"""The editor for grader scripts and the view for snippets; the colours of Python and of JSON."""

import re

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit

from app.ui.theme import theme

WORDS = (
    "and as assert break class continue def elif else except finally for from global if import "
    "in is lambda None nonlocal not or pass raise return try while with yield True False"
)
PATTERNS = (
    (re.compile(r"\b(" + "|".join(WORDS.split()) + r")\b"), "accent_text", True),
    (re.compile(r"\b(str|dict|list|tuple|set|float|int|bool|\w+Error)\b"), "info_text", False),
    (re.compile(r"\b\d+(\.\d+)?\b"), "warn_text", False),
    (re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|""".*'), "good_text", False),
    (re.compile(r"#.*"), "text_3", False),
)
# Each colours over the one before: a number within a text is text.
JSON_PATTERNS = (
    (re.compile(r"\b(true|false|null)\b"), "accent_text"),
    (re.compile(r"(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)"), "warn_text"),
    (re.compile(r'("(?:[^"\\]|\\.)*")'), "good_text"),
    (re.compile(r'("(?:[^"\\]|\\.)*")\s*:'), "info_text"),
)


class PythonHighlighter(QSyntaxHighlighter):
    """Colours words, types, numbers, strings and comments, line by line."""

    def highlightBlock(self, text: str) -> None:
        for pattern, token, strong in PATTERNS:
            look = QTextCharFormat()
            look.setForeground(theme().color(token))
            if strong:
                look.setFontWeight(QFont.Weight.Medium)
            for match in pattern.finditer(text):
                self.setFormat(match.start(), match.end() - match.start(), look)


class JsonHighlighter(QSyntaxHighlighter):
    """Colours the names, texts, numbers and words of JSON that is written one value a line."""

    def highlightBlock(self, text: str) -> None:
        for pattern, token in JSON_PATTERNS:
            look = QTextCharFormat()
            look.setForeground(theme().color(token))
            for match in pattern.finditer(text):
                self.setFormat(match.start(1), match.end(1) - match.start(1), look)


class CodeEdit(QPlainTextEdit):
    """Monospaced, unwrapped text; `name` is what a screen reader says."""

    def __init__(
        self, name: str, text: str = "", *, python: bool = True, read_only: bool = False
    ) -> None:
        super().__init__(text)
        self.setProperty("role", "code")
        self.setAccessibleName(name)
        self.setReadOnly(read_only)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        document: QTextDocument = self.document()
        document.setDocumentMargin(10)
        self._highlighter = PythonHighlighter(document) if python else None
        self.retheme()

    def retheme(self) -> None:
        self.setFont(theme().font("code"))
        if self._highlighter is not None:
            self._highlighter.rehighlight()
