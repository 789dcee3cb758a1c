"""The scan for personal data as the window offers it: what it covers, its menu, its question."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QDialog, QWidget

from app.store import scans
from app.store.scans import Sensitive
from app.tools.scan import COVERS, MISSES, SensitiveReport, summary, words_of
from app.ui import dialogs, kit
from app.ui.controller import Controller

TITLE = "Scan for personal data"
KEPT = (
    "Only which kinds a record holds is stored, never the text that was found. It runs on this "
    "computer, asks nothing on the network, and can be stopped and continued."
)
NO_COUNTRY = "Only with their country code"
Choose = Callable[[str], Callable[[], None]]


class ScanDialog(QDialog):
    """Says what is looked for and what cannot be found; `country` is two letters or "", `again`
    whether records that were looked through are looked through once more."""

    def __init__(self, parent: QWidget, found: Sensitive) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setMinimumWidth(480)
        self._codes = ["", *(code for code, _ in countries())]
        self.countries = kit.combo("Phone numbers", [NO_COUNTRY, *(n for _, n in countries())])
        if found.country in self._codes:
            self.countries.setCurrentIndex(self._codes.index(found.country))
        known = bool(found.at and found.scanned)
        fresh = known and not found.waiting
        self.yes = kit.button("Scan all again" if fresh else "Scan", self.accept, kind="primary")
        self.yes.setDefault(True)
        self._fresh = fresh
        items: list[kit.Item] = [
            kit.label(TITLE, "h2"),
            kit.label(COVERS, "body", "muted", wrap=True),
            kit.label(MISSES, "body", "warn", wrap=True),
            kit.label(KEPT, "body", "muted", wrap=True),
            kit.row(kit.label("Phone numbers", "strong"), (self.countries, 1), gap=10),
        ]
        if known:
            items.append(kit.label(f"{summary(found)}.", "small", "muted", wrap=True))
        cancel = kit.button("Cancel", self.reject)
        items.append(kit.row(None, cancel, self.yes, margin=(0, 6, 0, 0)))
        self.setLayout(kit.column(*items, gap=10, margin=20))

    @property
    def country(self) -> str:
        return self._codes[self.countries.currentIndex()]

    @property
    def again(self) -> bool:
        return self._fresh


async def scan(app: Controller, parent: QWidget) -> None:
    """Ask, scan, and say what was found."""
    if (session := app.session) is None:
        return
    dialog = ScanDialog(parent, await session.store.read(scans.sensitive))
    if not await dialogs.ask(dialog):
        return
    country, again = dialog.country, dialog.again
    report: SensitiveReport = await app.call("scan_sensitive", country=country, again=again)
    lines = [f"{words_of(kind)}: {number:,}" for kind, number in report.kinds.items()]
    hint = ["", "The menu of issues above the list shows them."] if lines else []
    await dialogs.tell(parent, f"{report.said}.", "\n".join([*lines, *hint, "", MISSES]))


def entry(
    found: Sensitive, chosen: Sequence[str], choose: Choose, ask: Callable[[], None]
) -> kit.Entry:
    """The part of the issues menu: what was found by kind, and the way to a scan. `choose` gives
    what writes a value of the filter `sensitive:` into the line."""

    def line(name: str, number: int, words: str) -> kit.Entry:
        return kit.Entry(f"{words}  {number:,}", choose(name), checked=name in chosen)

    below: list[kit.Entry] = []
    if found.records:
        below = [line("any", found.records, "Any of these"), kit.Entry()]
        below += [line(name, n, words_of(name)) for name, n in found.groups.items() if n]
        below += [kit.Entry(), *(line(k, n, words_of(k)) for k, n in found.kinds.items())]
        below.append(kit.Entry())
    elif found.at is not None:
        below = [kit.Entry("None found", enabled=False, tip=MISSES), kit.Entry()]
    below.append(kit.Entry(f"{TITLE}…", ask, tip=COVERS))
    return kit.Entry("Personal data and secrets", below=below)


def countries() -> list[tuple[str, str]]:
    """(two letters, name in English) of every country, by name."""
    found = {
        code: QLocale.territoryToString(territory)
        for territory in QLocale.Country
        if len(code := QLocale.territoryToCode(territory)) == 2 and code.isalpha()
    }
    return sorted(found.items(), key=lambda pair: pair[1])
