"""The scan for personal data through the panel: asked, done, counted, filtered, dropped by an edit."""

from typing import Any

from PySide6.QtWidgets import QApplication

from app.store.scans import Sensitive
from app.ui.dialogs import Question
from app.ui.records import sensitive
from app.ui.records.sensitive import ScanDialog, countries
from app.ui.records_panel import RecordsPanel
from tests.ui.panels.test_records_panel import entry, listed, rows


def shown(kind: type) -> Any:
    """The dialog of a kind that is open, None when there is none."""
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
    return found[0] if found else None


async def test_a_scan_is_asked_for_and_its_counts_filter_the_list(
    open_app: Any, show_panel: Any, until: Any
) -> None:
    data = rows(9)
    for number, text in ((3, "mail jane.doe@example.com"), (5, "call (650) 253-0000 today")):
        data[number - 1]["messages"] = [{"role": "user", "content": text}]
    async with open_app(data) as app:
        panel = await show_panel(app, RecordsPanel)
        bar = panel.list.filters
        assert entry(bar.issues.menu(), "Any of these") is None
        entry(bar.issues.menu(), "Scan for personal data…").trigger()
        await until(lambda: shown(ScanDialog))
        dialog = shown(ScanDialog)
        dialog.countries.setCurrentIndex(dialog.countries.findText("United States"))
        assert (dialog.country, dialog.yes.text()) == ("US", "Scan")
        dialog.yes.click()
        await until(lambda: shown(Question))
        shown(Question).buttons[0].click()
        await until(lambda: "Personal data in 2 records" in panel.facts.text())
        found = entry(bar.issues.menu(), "E-mail addresses")
        assert found.text() == "E-mail addresses  1"
        found.trigger()
        await until(lambda: listed(panel) == [3])
        assert bar.line.text() == "sensitive:email"
        assert entry(bar.issues.menu(), "E-mail addresses").isChecked()
        bar.line.setText("")
        clean = [{"role": "user", "content": "mail [removed]"}]
        await app.call("update_record", record_id=3, updates={"messages": clean})
        await until(lambda: "1 not scanned yet" in panel.facts.text())
        assert entry(bar.issues.menu(), "E-mail addresses") is None


def test_what_it_offers_follows_from_what_was_found(qtbot: Any, themed: Any) -> None:
    known = Sensitive(at=1.0, scanned=5, country="DE")
    dialog = ScanDialog(None, known)
    qtbot.addWidget(dialog)
    assert (dialog.country, dialog.again, dialog.yes.text()) == ("DE", True, "Scan all again")
    dialog = ScanDialog(None, known.model_copy(update={"waiting": 2}))
    qtbot.addWidget(dialog)
    assert (dialog.again, dialog.yes.text()) == (False, "Scan")
    none = sensitive.entry(known, (), lambda name: lambda: None, lambda: None)
    assert [e.words for e in none.below if e.words] == ["None found", "Scan for personal data…"]
    assert ("GB", "United Kingdom") in countries()
