"""A squarified treemap: a tree's areas as rectangles with sides as equal as can be; it draws nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 110.0  # square pixels of a cell: 10 by 11, about what a pointer still hits
HEAD = 18.0  # pixels for a group's name
GAP = 2.0  # pixels between a group's frame and what is in it


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True)
class Area:
    """A node of the tree: `key` is its own, `size` the sum of what is below it."""

    key: int
    size: float
    below: tuple[Area, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Cell:
    """A node's place. `opened`: what is below it follows as cells of its own; `rest` are the keys of
    siblings too small to be drawn alone, which this cell stands for."""

    key: int
    box: Box
    depth: int
    name: str = ""
    opened: bool = False
    rest: tuple[int, ...] = ()


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """A box for each size, in proportion, the whole of `box` filled; sizes are above 0, the largest
    first. Source: Bruls, Huizing and van Wijk, Squarified Treemaps, 2000."""
    total = sum(sizes)
    if total <= 0 or box.area <= 0:
        return [Box(box.x, box.y, 0.0, 0.0) for _ in sizes]
    areas = [size * box.area / total for size in sizes]
    found: list[Box] = []
    while len(found) < len(areas):
        start, side = len(found), min(box.width, box.height)
        end, line = start + 1, areas[start]
        worst = _worst(areas[start], areas[start], line, side)
        while end < len(areas):
            more = _worst(areas[start], areas[end], line + areas[end], side)
            if more > worst:
                break
            line, worst, end = line + areas[end], more, end + 1
        row, box = _row(areas[start:end], line, box)
        found += row
    return found


def _worst(largest: float, smallest: float, line: float, side: float) -> float:
    """The greatest ratio of sides in a row of this whole area along `side`."""
    square = side * side
    if smallest <= 0 or square <= 0:
        return float("inf")
    return max(square * largest / (line * line), line * line / (square * smallest))


def _row(areas: Sequence[float], line: float, box: Box) -> tuple[list[Box], Box]:
    """The boxes of a row along the shorter side, and what is left of the box."""
    found, at = [], 0.0
    if box.width >= box.height:
        depth = line / box.height if box.height > 0 else 0.0
        for area in areas:
            length = area / depth if depth > 0 else 0.0
            found.append(Box(box.x, box.y + at, depth, length))
            at += length
        return found, Box(box.x + depth, box.y, max(0.0, box.width - depth), box.height)
    depth = line / box.width
    for area in areas:
        length = area / depth if depth > 0 else 0.0
        found.append(Box(box.x + at, box.y, length, depth))
        at += length
    return found, Box(box.x, box.y + depth, box.width, max(0.0, box.height - depth))


def treemap(areas: Sequence[Area], box: Box, *, head: float = HEAD) -> list[Cell]:
    """The cells of a tree, groups before what is in them. Siblings whose cells would be under LEAST are
    put into one, so that there are never more cells than can be told apart and hit."""
    cells: list[Cell] = []
    _place(areas, box, 0, head, cells)
    return cells


def _place(areas: Sequence[Area], box: Box, depth: int, head: float, cells: list[Cell]) -> None:
    ordered = sorted((a for a in areas if a.size > 0), key=lambda a: -a.size)
    total = sum(a.size for a in ordered)
    kept = [a for a in ordered if a.size / total * box.area >= LEAST]
    rest = ordered[len(kept) :]
    if len(rest) > 1:
        whole = Area(rest[0].key, sum(a.size for a in rest))
        kept = sorted([*kept, whole], key=lambda a: -a.size)
    else:
        whole, kept = None, ordered
    for area, place in zip(kept, squarify([a.size for a in kept], box), strict=True):
        if area is whole:
            cells.append(Cell(area.key, place, depth, rest=tuple(a.key for a in rest)))
            continue
        inside = Box(
            place.x + GAP, place.y + head, place.width - 2 * GAP, place.height - head - GAP
        )
        opened = bool(area.below) and inside.width > 2 * head and inside.height > head
        cells.append(Cell(area.key, place, depth, name=area.name, opened=opened))
        if opened:
            _place(area.below, inside, depth + 1, head, cells)


def at(cells: Sequence[Cell], x: float, y: float) -> int | None:
    """The index of the innermost cell at a point."""
    return next((i for i in range(len(cells) - 1, -1, -1) if cells[i].box.holds(x, y)), None)


def beside(cells: Sequence[Cell], index: int, dx: int, dy: int) -> int:
    """The index of the nearest cell in a direction (one of dx, dy is 1 or -1) among those that are not
    opened; `index` where there is none."""
    here = cells[index].box
    x, y = here.x + here.width / 2, here.y + here.height / 2
    best, found = float("inf"), index
    for i, cell in enumerate(cells):
        if cell.opened or i == index:
            continue
        ax = cell.box.x + cell.box.width / 2 - x
        ay = cell.box.y + cell.box.height / 2 - y
        along, across = ax * dx + ay * dy, abs(ax * dy) + abs(ay * dx)
        if along > 1 and (distance := along + 2 * across) < best:
            best, found = distance, i
    return found
