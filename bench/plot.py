"""Draws a section of the report as SVG: a bar for each median, and a thin line up to the 95th percentile."""

from html import escape

from bench.report import Line, Section, Summary

WIDTH, BAR, LABELS, FIGURES = 760, 30, 220, 70  # pixels
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1c2530 }
.ours { fill: #2563a8 } .floor { fill: #9aa7b5 } .most { stroke: #1c2530; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9ee } .ours { fill: #6ba6e8 } .floor { fill: #76818d } .most { stroke: #e6e9ee }
}
"""


def drawn(section: Section) -> str:
    """Return the SVG. Lines without samples are left out."""
    lines = [(line, line.summary) for line in section.lines if line.summary is not None]
    most = max(summary.p95 for _, summary in lines)
    bars = "".join(_bar(number, line, summary, most) for number, (line, summary) in enumerate(lines, 1))
    height = BAR * (len(lines) + 1) + 10
    title = escape(f"{section.title}: milliseconds, median and 95th percentile")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f'<title>{title}</title><style>{STYLE}</style><text x="0" y="18">{title}</text>{bars}</svg>\n'
    )


def _bar(number: int, line: Line, summary: Summary, most: float) -> str:
    scale = (WIDTH - LABELS - FIGURES) / most
    top, length, end = BAR * number, summary.p50 * scale, LABELS + summary.p95 * scale
    kind = "ours" if line.what.startswith("ours") else "floor"
    middle = top + BAR / 2
    return (
        f'<text x="0" y="{middle + 5:.0f}">{escape(line.what)}</text>'
        f'<rect class="{kind}" x="{LABELS}" y="{top + 4}" width="{length:.1f}" height="{BAR - 8}" rx="3"/>'
        f'<line class="most" x1="{LABELS + length:.1f}" x2="{end:.1f}" y1="{middle}" y2="{middle}"/>'
        f'<text x="{end + 8:.1f}" y="{middle + 5:.0f}">{summary.p50:.1f}</text>'
    )
