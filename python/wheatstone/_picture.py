"""Networks as pictures, without a plotting library."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .network import Network

_WIDTH, _MARGIN = 480.0, 24.0
_INK, _LINE = "#1f2933", "#52606d"


def picture(network: Network, conductances: NDArray[np.float64], volts: NDArray[np.float64] | None) -> str:
    """An SVG; edges without a conductance are thin."""
    places = network.positions
    places = _layers(network) if places is None else places
    low, high = places.min(axis=0), places.max(axis=0)
    scale = (_WIDTH - 2 * _MARGIN) / max(float((high - low).max()), 1e-9)
    places = (places - low) * scale + _MARGIN
    width, height = places.max(axis=0) + _MARGIN
    size = float(np.clip(_WIDTH / (4 * np.sqrt(len(places)) + 8), 3, 9))
    known = conductances[~np.isnan(conductances)]
    largest = float(known.max()) if known.size and known.max() > 0 else 1.0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.1f} {height:.1f}" role="img"><title>{escape(network.name)}</title>'
    ]
    for (a, b), kind, g in zip(network.ends.tolist(), network.kinds, conductances.tolist()):
        line = 0.6 + size * (0.9 * g / largest if g == g else 0.0)
        dash = ' stroke-dasharray="5 3"' if kind == "transistor" else ""
        (x1, y1), (x2, y2) = places[a], places[b]
        parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_LINE}" '
            f'stroke-width="{line:.2f}" stroke-opacity="0.75"{dash}/>'
        )
    inputs, outputs = set(network._core.inputs.tolist()), set(network._core.outputs.tolist())
    for node, (x, y) in enumerate(places):
        colour = "#ffffff" if volts is None else _colour(float(volts[node]))
        style = f'fill="{colour}" stroke="{_INK}"'
        label = f"<title>{escape(str(network.labels[node]))}</title>"
        if node in inputs:
            shape = f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:.1f}" height="{2 * size:.1f}" {style}>'
            parts.append(f"{shape}{label}</rect>")
        elif node in outputs:
            far = 1.4 * size
            points = f"{x:.1f},{y - far:.1f} {x + far:.1f},{y:.1f} {x:.1f},{y + far:.1f} {x - far:.1f},{y:.1f}"
            parts.append(f'<polygon points="{points}" {style}>{label}</polygon>')
        else:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" {style}>{label}</circle>')
    return "".join(parts) + "</svg>"


def _colour(volts: float) -> str:
    """Blue below zero, white at zero, red above."""
    share = float(np.clip(volts, -1, 1))
    end = (178, 24, 43) if share > 0 else (33, 102, 172)
    mixed = (round(255 + (c - 255) * abs(share)) for c in end)
    return "#" + "".join(f"{c:02x}" for c in mixed)


def _layers(network: Network) -> NDArray[np.float64]:
    """Columns by distance from the inputs."""
    neighbours: list[list[int]] = [[] for _ in network.labels]
    for a, b in network.ends.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    distance = dict.fromkeys(network._core.inputs.tolist(), 0)
    front = list(distance)
    while front:
        front = [n for node in front for n in neighbours[node] if distance.setdefault(n, distance[node] + 1) > distance[node]]
        front = list(dict.fromkeys(front))
    columns: dict[int, list[int]] = {}
    for node in range(len(neighbours)):
        columns.setdefault(distance.get(node, 0), []).append(node)
    places = np.zeros((len(neighbours), 2))
    tallest = max(map(len, columns.values()))
    for column, nodes in columns.items():
        for row, node in enumerate(nodes):
            places[node] = [column * max(tallest, 2) / max(len(columns) - 1, 1), (row + 0.5) * tallest / len(nodes)]
    return places
