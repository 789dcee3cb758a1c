"""What stands in the columns of the topic tree: cells to paint, tooltips, words for a screen reader."""

from dataclasses import dataclass

from app.domain.thresholds import DEFAULTS
from app.domain.topics import shown
from app.domain.wording import count
from app.ui.parts import BarCell, Cell, NumberCell, Tone
from app.ui.topics.lines import Line, Lines

FEW = DEFAULTS.topic_min_n  # scored records under which a topic's mean says little


@dataclass(frozen=True)
class Column:
    """Its width in pixels at text scale 1, and where the panel is narrow; 0 takes the rest."""

    title: str
    width: int
    narrow: int
    about: str
    right: bool = True


COLUMNS = (
    Column("Topic", 0, 0, "Double click or F2 renames", right=False),
    Column("Records", 66, 64, "Valid records; amber where fewer than wanted"),
    Column(
        "Share",
        84,
        54,
        "Share of the categorised records, the tick is the share wanted; the nearer all bars are to "
        "their ticks, the better the balance. Groups and topics each have a scale of their own",
        right=False,
    ),
    Column(
        "Sure",
        52,
        48,
        f"Mean probability that its records belong here; amber under {DEFAULTS.topic_high:.2f}, "
        "– before categorising",
    ),
    Column(
        "Score",
        54,
        54,
        f"Mean score of its records in the newest dry run; grey under {FEW} records, which are too "
        "few to judge by, – where none was run",
    ),
)
NAME, RECORDS, SHARE, SURE, SCORE = range(len(COLUMNS))
COLOR_NAMES = ("none", "blue", "orange", "green", "purple", "sky", "olive", "red", "grey")


def cell(line: Line, column: int, lines: Lines) -> Cell | None:
    """What is painted in a column; the name is painted by the delegate itself."""
    group = not line.leaf
    match column:
        case 1:
            return NumberCell(f"{line.records:,}", "warn" if line.thin else "", strong=group)
        case 2:
            full = lines.largest_group if group else lines.largest_leaf
            goal = None if line.goal is None or group else line.goal / full
            tone: Tone = "warn" if line.thin else "accent"
            return BarCell(line.share / full, goal, tone, words=_share(line))
        case 3:
            return _sure(line.sure)
        case 4:
            return _score(line)
    return None


def explained(line: Line, column: int) -> str:
    """The tooltip, in lines."""
    match column:
        case 0:
            marks = [_color(line), _lock(line), _own(line)]
            said = [shown(line.path), line.description, *marks]
        case 1:
            said = [count(line.records, "record"), _wanted(line)]
        case 2:
            said = [_share(line)]
        case 3:
            said = ["Not categorised yet" if line.sure is None else f"{line.sure:.2f} sure"]
        case _:
            said = [_scored(line)]
    return "\n".join(filter(None, said))


def accessible(line: Line, column: int) -> str:
    """What a screen reader says: a name with all that is marked on it, or a figure with its unit."""
    if column == NAME:
        return ", ".join(filter(None, [line.name, _color(line), _lock(line), _own(line)]))
    return explained(line, column).replace("\n", ", ")


def _sure(value: float | None) -> Cell:
    if value is None:
        return NumberCell("–", "muted")
    return NumberCell(f"{value:.2f}", "good" if value >= DEFAULTS.topic_high else "warn")


def _score(line: Line) -> Cell:
    score = line.figures.score
    if score is None:
        return NumberCell("–", "muted")
    return NumberCell(f"{score:.2f}", "faint" if line.figures.scored < FEW else "")


def _share(line: Line) -> str:
    said = f"{line.share * 100:.1f} % of the records"
    return said + (
        f", {line.goal * 100:.1f} % wanted" if line.leaf and line.goal is not None else ""
    )


def _wanted(line: Line) -> str:
    return f"{line.wanted:,} wanted" if line.leaf and line.wanted else ""


def _scored(line: Line) -> str:
    figures = line.figures
    if figures.score is None:
        return "No score: no dry run has asked its records"
    few = f", under {FEW} too few to judge by" if figures.scored < FEW else ""
    records = count(figures.scored, "record")
    return f"Mean score {figures.score:.2f} of {records} in the newest dry run{few}"


def _color(line: Line) -> str:
    return f"colour {COLOR_NAMES[line.mark.color]}" if line.mark.color else ""


def _lock(line: Line) -> str:
    return "locked: proposals leave it alone" if line.mark.locked else ""


def _own(line: Line) -> str:
    own = []
    if line.mark.target is not None:
        own.append(f"{line.mark.target * 100:.4g} % wanted")
    if line.mark.quota is not None:
        own.append(f"{count(line.mark.quota, 'record')} wanted")
    return "own target: " + ", ".join(own) if own else ""
