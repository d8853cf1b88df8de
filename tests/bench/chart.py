"""A bar chart as SVG: a median with its quartiles in each row."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, ROW, LEFT, TOP = 840, 30, 250, 50
INK, COLOURS = "#1e293b", ("#2563eb", "#94a3b8", "#059669", "#d97706")


def draw(path: Path, title: str, rows: Mapping[str, tuple[Sequence[float], int]]) -> None:
    """`rows`: by name, the (median, lower, upper quartile) and the number of its colour."""
    scale = (WIDTH - LEFT - 80) / max(high for (_, _, high), _ in rows.values())
    height = TOP + len(rows) * ROW + 10
    style = f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f"{style}>",
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="20" y="28" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    for number, (name, ((middle, low, high), colour)) in enumerate(rows.items()):
        y, fill = TOP + number * ROW, COLOURS[colour % len(COLOURS)]
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{middle * scale:.1f}" height="20" fill="{fill}"/>',
            f'<path d="M{LEFT + low * scale:.1f} {y + 10}H{LEFT + high * scale:.1f}" '
            f'stroke="{INK}"/>',
            f'<text x="{LEFT + high * scale + 8:.1f}" y="{y + 15}">{middle:g}</text>',
        ]
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")
