"""Charts as inline SVG: no script, no font, no request; readable without colour.

Every chart has a title and a description for a screen reader, and its numbers
stand in the picture or in a table beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.markup import Markup, el, join

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 14, 42
#: Dash patterns tell lines apart where colours do not.
DASHES = (None, "6 3", "2 3", "8 3 2 3", "1 5", "10 4")

Point = tuple[float, float]


def _svg(title: str, description: str, *children: object, width: int = WIDTH, height: int = HEIGHT) -> Markup:
    return el(
        "svg",
        el("title", title),
        el("desc", description),
        *children,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=title,
        class_="chart",
    )


def _text(x: float, y: float, text: str, anchor: str = "middle", class_: str | None = None) -> Markup:
    return el("text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, class_=class_)


def _x(value: float, low: float, high: float) -> float:
    return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _frame(x_label: str, y_label: str, top: float) -> Markup:
    """Horizontal grid with percentages, and the names of both axes."""
    lines: list[Markup] = []
    for i in range(5):
        value = top * i / 4
        y = _y(value, top)
        lines.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y:.1f}", y2=f"{y:.1f}", class_="grid"))
        lines.append(_text(LEFT - 5, y + 4, f"{value:.0%}" if top * 100 >= 8 else f"{value:.1%}", "end"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    lines.append(_text(middle, HEIGHT - 6, x_label))
    lines.append(
        el(
            "text",
            y_label,
            x=0,
            y=0,
            text_anchor="middle",
            transform=f"translate(11 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)",
        )
    )
    return join(*lines)


def line_chart(
    title: str,
    series: Mapping[str, Sequence[Point]],
    *,
    x_label: str,
    y_label: str,
    ticks: Sequence[float],
    top: float = 1.0,
) -> Markup:
    """Lines over a common x axis, shares from 0 to ``top`` upwards; the first line is drawn thickest."""
    low, high = min(ticks), max(ticks)
    marks = [_text(_x(t, low, high), HEIGHT - BOTTOM + 15, f"{t:.0%}" if high <= 1 else f"{t:g}") for t in ticks]
    lines: list[Markup] = []
    for i, (_, points) in enumerate(series.items()):
        path = " ".join(f"{_x(x, low, high):.1f},{_y(min(y, top), top):.1f}" for x, y in points)
        lines.append(
            el(
                "polyline",
                points=path,
                class_=f"line s{i % 6}",
                stroke_dasharray=DASHES[i % len(DASHES)],
                stroke_width=3 if i == 0 else 1.6,
            )
        )
        x, y = points[-1]
        lines.append(
            el("circle", cx=f"{_x(x, low, high):.1f}", cy=f"{_y(min(y, top), top):.1f}", r=3, class_=f"dot s{i % 6}")
        )
    described = "; ".join(
        f"{name}: " + ", ".join(f"{x:g} {y:.0%}" for x, y in points[-3:]) for name, points in series.items()
    )
    return el(
        "figure",
        _svg(title, f"{y_label} over {x_label}. {described}", _frame(x_label, y_label, top), *marks, *lines),
        legend(list(series)),
    )


def legend(names: Sequence[str]) -> Markup:
    """Which line is which, by dash and colour; nothing for a single line."""
    if len(names) < 2:
        return Markup("")
    keys = []
    for i, name in enumerate(names):
        line = el(
            "line",
            x1=0,
            x2=34,
            y1=5,
            y2=5,
            class_=f"line s{i % 6}",
            stroke_dasharray=DASHES[i % len(DASHES)],
            stroke_width=3 if i == 0 else 1.6,
        )
        keys.append(
            el(
                "span",
                el("svg", line, viewBox="0 0 34 10", width=34, height=10, aria_hidden="true"),
                " ",
                name,
                class_="key",
            )
        )
    return el("figcaption", *keys)


def bar_chart(title: str, bars: Sequence[tuple[str, int]], *, x_label: str) -> Markup:
    """Counts as upright bars, each with its number above."""
    top = max((n for _, n in bars), default=0) or 1
    step = (WIDTH - LEFT - RIGHT) / max(len(bars), 1)
    shapes: list[Markup] = []
    for i, (label, count) in enumerate(bars):
        x, y = LEFT + i * step, _y(count, top * 1.08)
        shapes.append(
            el(
                "rect",
                x=f"{x + 3:.1f}",
                y=f"{y:.1f}",
                width=f"{step - 6:.1f}",
                height=f"{HEIGHT - BOTTOM - y:.1f}",
                class_="bar",
            )
        )
        shapes.append(_text(x + step / 2, y - 4, str(count)))
        shapes.append(_text(x + step / 2, HEIGHT - BOTTOM + 15, label))
    shapes.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x_label))
    return el("figure", _svg(title, ", ".join(f"{label}: {n}" for label, n in bars), *shapes))


def heat_map(
    title: str, rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[int, int], tuple[int, int]]
) -> Markup:
    """Right answers of all in each cell, as numbers on a shade; a cell without a question is left white with a dash."""
    cell_width, cell_height, left, top = 100, 40, 190, 26
    shapes = [_text(left + (j + 0.5) * cell_width, 16, name) for j, name in enumerate(columns)]
    for i, name in enumerate(rows):
        y = top + i * cell_height
        shapes.append(_text(left - 8, y + cell_height / 2 + 4, name, "end"))
        for j in range(len(columns)):
            right, total = cells.get((i, j), (0, 0))
            x = left + j * cell_width
            shade = f"heat h{round(right / total * 4)}" if total else "heat"
            shapes.append(el("rect", x=x, y=y, width=cell_width - 3, height=cell_height - 3, class_=shade))
            text = f"{right} of {total}" if total else "–"
            shapes.append(
                _text(
                    x + (cell_width - 3) / 2,
                    y + cell_height / 2 + 4,
                    text,
                    class_=f"on{round(right / total * 4)}" if total else None,
                )
            )
    description = "; ".join(
        f"{rows[i]}, {columns[j]}: {right} of {total} right" for (i, j), (right, total) in sorted(cells.items())
    )
    width, height = left + cell_width * len(columns), top + cell_height * len(rows)
    return el("figure", _svg(title, description, *shapes, width=width, height=height))
