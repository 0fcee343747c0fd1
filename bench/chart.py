"""The results as one SVG that stands alone, in light and in dark."""
import json
import math
import sys
from xml.sax.saxutils import escape

from report import amount, mark

WIDTH, LEFT, RIGHT, ROW = 960, 400, 700, 24
# The axis of the bars is logarithmic, from a tenth of what is allowed to ten times that.
DECADES = 1
PANELS = ("mix", "mix-once", "small", "tls", "tls-h2", "crawl")

STYLE = """
svg { background: #ffffff; color: #1f2328; --quiet: #59636e; --line: #d1d9e0; --good: #0969da;
  --bad: #bc4c00; --other: #8c959f; font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; color: #e6edf3; --quiet: #9198a1; --line: #3d444d; --good: #4493f8;
    --bad: #f0883e; --other: #656c76; }
}
text { fill: currentColor; } .quiet { fill: var(--quiet); } .head { font-size: 15px; font-weight: 600; }
.title { font-size: 19px; font-weight: 600; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.line { stroke: var(--line); } .bar { stroke: currentColor; stroke-dasharray: 3 3; }
.good { fill: var(--good); } .bad { fill: var(--bad); font-weight: 600; } .other { fill: var(--other); }
line.good { stroke: var(--good); } line.bad { stroke: var(--bad); } line.good, line.bad { stroke-width: 3; }
.aim { stroke: var(--quiet); stroke-width: 2; }
"""


class Drawing:
    def __init__(self):
        self.parts, self.y = [], 40

    def text(self, x, text, kind="", y=None):
        self.parts.append(f'<text x="{x:.1f}" y="{y or self.y}" class="{kind}">{escape(text)}</text>')

    def line(self, x1, y1, x2, y2, kind):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1}" x2="{x2:.1f}" y2="{y2}" class="{kind}"/>')

    def finish(self, label):
        height = self.y + 16
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
                f'height="{height}" role="img" aria-label="{escape(label)}">\n<style>{STYLE}</style>\n' +
                "\n".join(self.parts) + "\n</svg>\n")


def place(share):
    """Where on the axis what takes that share of what is allowed stands."""
    share = max(-DECADES, min(DECADES, math.log10(share)))
    return LEFT + (RIGHT - LEFT) * (share + DECADES) / (2 * DECADES)


def share_of(bar, value):
    return bar["limit"] / value if bar["at_least"] else value / bar["limit"]


def draw_bars(drawing, bars):
    drawing.text(20, "The bars", "head")
    drawing.text(place(1), "the bar", "quiet middle")
    drawing.text(place(0.1), "10 times better", "quiet")
    drawing.text(place(10), "10 times worse", "quiet end")
    top = drawing.y + 8
    for bar in bars:
        drawing.y += ROW
        kind = "good" if bar["met"] else "bad"
        middle = drawing.y - 4
        drawing.text(20, bar["what"])
        drawing.line(LEFT, middle, RIGHT, middle, "line")
        if bar["limit"]:
            at = place(share_of(bar, bar["value"]))
            drawing.line(place(1), middle, at, middle, kind)
            drawing.parts.append(f'<circle cx="{at:.1f}" cy="{middle}" r="5" class="{kind}"/>')
            if bar["aim"]:
                aim = place(share_of(bar, bar["aim"]))
                drawing.line(aim, middle - 6, aim, middle + 6, "aim")
        drawing.text(RIGHT + 14, f"{amount(bar['value'], bar['unit'])} ({mark(bar, bar['limit'])})")
        drawing.text(WIDTH - 20, "met" if bar["met"] else "not met", kind + " end")
    drawing.line(place(1), top, place(1), drawing.y + 4, "bar")
    drawing.y += ROW
    drawing.text(20, "Each dot is where areq is, left of the line where the bar is met; a tick is the aim.",
                 "quiet")


def draw_panel(drawing, measure):
    drawing.y += 2 * ROW
    drawing.text(20, measure["title"], "head")
    programs = sorted(measure["programs"].items(), key=lambda item: item[1]["cpu_seconds_per_page"])
    most = max(one["cpu_seconds_per_page"] for _, one in programs)
    start = 240
    for name, one in programs:
        drawing.y += ROW
        cost = one["cpu_seconds_per_page"]
        length = max(2.0, (RIGHT - start) * cost / most)
        kind = "good" if name.startswith("areq") else "other"
        drawing.text(20, name)
        drawing.parts.append(f'<rect x="{start}" y="{drawing.y - 12}" width="{length:.1f}" height="15" '
                             f'rx="2" class="{kind}"/>')
        drawing.text(RIGHT + 14, f"{cost * 1e6:,.0f} µs")
        rate, memory = one["pages_per_second"], one["memory_bytes"] / 1e6
        drawing.text(WIDTH - 20, f"{rate:,.0f} pages/s, {memory:.0f} MB", "quiet end")


def draw(data):
    drawing = Drawing()
    label = f"areq {data['version']} beside its peers"
    drawing.text(20, label, "title")
    drawing.y += ROW
    drawing.text(20, f"One core, 64 at once; medians of runs in turn; {data['processor']}.", "quiet")
    drawing.y += 2 * ROW
    draw_bars(drawing, data["bars"])
    drawing.y += 2 * ROW
    drawing.text(20, "CPU time per page (shorter is better)", "title")
    drawing.y -= ROW // 2
    for name in PANELS:
        if name in data["measures"]:
            draw_panel(drawing, data["measures"][name])
    drawing.y += ROW
    return drawing.finish(label)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as results:
        sys.stdout.write(draw(json.load(results)))
