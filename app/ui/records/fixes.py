"""Mending in the window: what a record's issues offer, the same edit elsewhere, and the preview first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from app.domain.differences import TurnChange, changes_between
from app.domain.edits import Edit, short
from app.domain.fixes import Turns, fixes_for
from app.domain.records import Record
from app.domain.wording import count
from app.tools.fixes import Fixed, Preview, Removed
from app.ui import dialogs, kit
from app.ui.parts import Tone
from app.ui.records.compare import turn_boxes
from app.ui.records.turns import box

TWINS_SHOWN = 4  # of one content; the rest is a number
Choose = Callable[[str, bool], object]  # a fix, and whether for all records like this


@dataclass(frozen=True)
class Offer:
    """An edit that applies to other records too, with what it would do."""

    edit: Edit
    found: Fixed


def issue_box(record: Record, choose: Choose, remove_twins: Callable[[], object]) -> QWidget | None:
    """The reasons against a record with the menu of what helps; None when there are none."""
    if not record.issues:
        return None
    tone: Tone = "warn" if record.valid else "bad"
    lines = [kit.label(issue.text, "small", wrap=True, select=True) for issue in record.issues]
    items: list[kit.Item] = [*lines]
    if entries := fix_entries(record, choose, remove_twins):
        items.append(kit.row(fix_button(entries), None))
    return box("Worth a look" if record.valid else "Invalid", tone, *items)


def fix_button(entries: Sequence[kit.Entry]) -> QPushButton:
    widget = kit.drop_button("Fix", entries, icon="wrench", small=True, tip="Ctrl+Shift+F")
    widget.setProperty("fixes", True)
    widget.setAccessibleName("Fix this record, or all like it")
    return widget


def fix_entries(
    record: Record, choose: Choose, remove_twins: Callable[[], object]
) -> list[kit.Entry]:
    """Every fix that would change this record, then the same for all with the same issue."""
    found = fixes_for(record)
    one = [kit.Entry(fix.words, partial(choose, fix.name, False)) for fix in found]
    every = [kit.Entry(f"{fix.words}…", partial(choose, fix.name, True)) for fix in found]
    if any(issue.code == "duplicate" for issue in record.issues):
        every.append(kit.Entry("Remove exact duplicates…", remove_twins))
    if not every:
        return []
    below = kit.Entry("Fix all like this", below=every)
    return [*one, kit.Entry(), below] if one else every


def offer_box(
    offer: Offer, take: Callable[[Offer], object], dismiss: Callable[[], object]
) -> QWidget:
    """«12 more records have the system turn that you changed. Change it there too?»"""
    many = "record has" if offer.found.records == 1 else "records have"
    said = f"{_number(offer.found)} more {many} {_shared(offer.edit)}"
    show = kit.button("Show them…", lambda: take(offer), small=True)
    close = kit.button("Not now", dismiss, kind="ghost", small=True)
    words = kit.label(said, "small", wrap=True, select=True)
    frame = kit.frame(
        kit.column(words, kit.row(show, close, None), gap=6, margin=(12, 8, 12, 10)),
        "banner",
        tone="info",
    )
    frame.setAccessibleName(said)
    return frame


def worth_offering(offers: Sequence[Offer]) -> list[Offer]:
    """Each edit that reaches records; a phrase only where it reaches other ones than its turn."""
    found = [offer for offer in offers if offer.found.records]
    turns = {offer.found.records for offer in found if offer.edit.kind == "turn"}
    return [o for o in found if o.edit.kind != "phrase" or o.found.records not in turns]


def compared(previews: Sequence[Preview]) -> list[tuple[int, list[TurnChange]]]:
    """What each preview changes; some milliseconds each, so off the event loop."""
    return [
        (
            each.record_id,
            changes_between(
                Turns(tuple(each.before), each.reply_before),
                Turns(tuple(each.after), each.reply_after),
            ),
        )
        for each in previews
    ]


class PreviewDialog(QDialog):
    """What would change, record by record; the verb says how many."""

    def __init__(
        self, parent: QWidget, title: str, facts: str, *, verb: str, items: Sequence[QWidget]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preview")
        self.resize(620, 640)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(10)
        for item in items:
            column.addWidget(item)
        column.addStretch(1)
        self.yes = kit.button(verb, self.accept, kind="primary")
        self.yes.setDefault(True)
        cancel = kit.button("Cancel", self.reject)
        words = kit.label(title, "h2", wrap=True)
        self.facts = kit.label(facts, "body", "muted", wrap=True, select=True)
        foot = kit.row(
            kit.label("Ctrl Z undoes all of it", "small", "faint"), None, cancel, self.yes
        )
        self.setLayout(
            kit.column(words, self.facts, (kit.scroll(body), 1), foot, gap=10, margin=20)
        )


async def ask_fix(
    parent: QWidget, found: Fixed, compared_: Sequence[tuple[int, list[TurnChange]]]
) -> bool:
    """Show what a fix or an edit would do, and whether it is wanted."""
    if not found.records:
        await dialogs.tell(parent, found.words, "There is no record it applies to.")
        return False
    verb = f"Change {count(found.records, 'record')}" if found.exact else "Change them all"
    items = [
        kit.card(
            kit.label(f"Record {record_id:,}", "strong"),
            *turn_boxes(changes),
            gap=8,
            margin=(14, 10, 14, 12),
        )
        for record_id, changes in compared_
    ]
    dialog = PreviewDialog(parent, found.words, facts_of(found), verb=verb, items=items)
    return await dialogs.ask(dialog)


async def ask_removal(parent: QWidget, found: Removed) -> bool:
    """Show which duplicates would go, and whether that is wanted."""
    if not found.records:
        await dialogs.tell(parent, "Remove exact duplicates", "No two records are the same.")
        return False
    items = [_group(twins) for twins in found.previews]
    facts = (
        f"{count(found.groups, 'text')} {'stands' if found.groups == 1 else 'stand'} there more than "
        f"once. The first of each stays, {count(found.records, 'record')} "
        f"{'goes' if found.records == 1 else 'go'}."
    )
    if found.groups > len(found.previews):
        facts += f" The first {len(found.previews)} are shown."
    verb = f"Delete {count(found.records, 'record')}"
    dialog = PreviewDialog(parent, "Remove exact duplicates", facts, verb=verb, items=items)
    return await dialogs.ask(dialog)


def facts_of(found: Fixed) -> str:
    """«31 records. 30 become valid, 1 stays invalid. The first 20 are shown.»"""
    parts = []
    if found.now_valid:
        word = "becomes" if found.now_valid == 1 else "become"
        parts.append(f"{found.now_valid:,} {word} valid")
    if found.still_invalid:
        word = "stays" if found.still_invalid == 1 else "stay"
        parts.append(f"{found.still_invalid:,} {word} invalid")
    said = f"{_number(found)} {'record' if found.records == 1 else 'records'}."
    said += f" {', '.join(parts)}." if parts else ""
    if found.records > len(found.previews):
        said += f" The first {len(found.previews)} are shown."
    return said


def _shared(edit: Edit) -> str:
    role = edit.role or "unnamed"
    match edit.kind:
        case "turn":
            return f"the {role} turn that you changed. Change it there too?"
        case "phrase":
            return f"“{short(edit.old)}” in {role} turns. Write “{short(edit.new)}” there too?"
        case "remove":
            return f"the {role} turn that you removed. Remove it there too?"
        case "role":
            return f"turns of “{short(edit.role)}”. Make them “{edit.new}” too?"


def _number(found: Fixed) -> str:
    return f"{found.records:,}" if found.exact else f"About {found.records:,}"


def _group(twins: Sequence[str]) -> QWidget:
    kept, *gone = twins
    lines: list[kit.Item] = [kit.label(f"Stays: {kept}", wrap=True)]
    lines += [
        kit.label(f"Goes: {twin}", "small", "muted", wrap=True) for twin in gone[:TWINS_SHOWN]
    ]
    if len(gone) > TWINS_SHOWN:
        lines.append(kit.label(f"and {len(gone) - TWINS_SHOWN} more", "small", "faint"))
    return kit.card(*lines, gap=4, margin=(14, 10, 14, 12))
