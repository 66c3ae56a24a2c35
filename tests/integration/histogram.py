#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""histogram.py LINUX REALTIME [--svg FILE] - two outputs of cyclictest -h, side by side in the terminal and as a picture.

Fails if one of them does not count as many cycles as it says were done."""
import argparse
import html
import math
import re
import sys

LINUX, REALTIME = "Linux", "real-time core"
COLOURS = {LINUX: "#c8553d", REALTIME: "#2a6f97"}


class Series:
    """One thread's histogram: cycles by latency in microseconds, and those beyond its end."""

    def __init__(self, name, path):
        self.name = name
        with open(path, encoding="ascii") as file:
            text = file.read()
        self.counts = [int(count) for count in re.findall(r"^\d{6} (\d+)\s*$", text, re.M)]
        self.total, self.least, self.average, self.most, self.beyond = (
            int(re.search(rf"^# {key}: (\d+)", text, re.M)[1])
            for key in ("Total", "Min Latencies", "Avg Latencies", "Max Latencies", "Histogram Overflows"))
        if not self.counts or sum(self.counts) != self.total:
            sys.exit(f"{path}: {sum(self.counts)} cycles in the histogram, {self.total} in its total")
        self.cycles = self.total + self.beyond

    def bins(self, width):
        return [sum(self.counts[start:start + width]) for start in range(0, len(self.counts), width)]

    def median(self):
        seen = 0
        for latency, count in enumerate(self.counts):
            seen += count
            if 2 * seen >= self.cycles:
                return str(latency)
        return f"> {len(self.counts)}"

    def within(self, limit):
        return 100 * sum(self.counts[:limit + 1]) / self.cycles


def in_terminal(series, width):
    bins = [one.bins(width) for one in series]
    most = max(max(map(max, bins)), *(one.beyond for one in series))
    columns = 28

    def bar(count):
        length = round(columns * math.log1p(count) / math.log1p(most)) if count else 0
        return f"{'#' * length} {count or ''}".ljust(columns + 6)

    print(f"{'latency, us':>12}  " + "  ".join(one.name.ljust(columns + 6) for one in series))
    for number, counts in enumerate(zip(*bins)):
        print(f"{number * width:>5} - {(number + 1) * width - 1:>4}  " + "  ".join(map(bar, counts)).rstrip())
    print(f"{'more':>12}  " + "  ".join(bar(one.beyond) for one in series).rstrip())
    print("(lengths are logarithmic)")
    for one in series:
        print(f"{one.name + ':':16} {one.cycles} cycles, least {one.least}, median {one.median()}, average {one.average}, "
              f"most {one.most} us; {one.within(100):.0f} % within 100 us, {one.within(200):.0f} % within 200 us")


class Picture:
    """The same as SVG: a step line for each, on a logarithmic scale of counts, and what lies beyond at the right."""

    width, height = 960, 566
    left, right, top, bottom = 78, 842, 96, 452
    step = 5

    def __init__(self, series, subtitle):
        self.series = series
        self.limit = len(series[0].counts)
        most = max(max(max(one.bins(self.step)), one.beyond) for one in series)
        self.decades = max(1, math.ceil(math.log10(most + 1)))
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="13" fill="#333">',
            f'<rect width="{self.width}" height="{self.height}" fill="#fff"/>']
        self.text(self.left, 36, "cyclictest: wake-up latency at 1 kHz while Linux is loaded", size=20, weight="bold")
        self.text(self.left, 60, subtitle, fill="#666")
        self.axes()
        for number, one in enumerate(series):
            self.line(one)
            self.bar(number, one)
            self.legend(number, one)
        self.parts.append("</svg>")

    def x(self, latency):
        return self.left + (self.right - self.left) * latency / self.limit

    def y(self, count):
        """Half a cycle is the ground: one cycle is visible."""
        share = math.log10(max(count, 0.5) / 0.5) / (self.decades - math.log10(0.5))
        return self.bottom - (self.bottom - self.top) * share

    def text(self, x, y, text, anchor="start", size=13, weight="normal", fill="#333", more=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
                          f'font-weight="{weight}" fill="{fill}"{more}>{html.escape(text)}</text>')

    def segment(self, x1, y1, x2, y2, colour):
        self.parts.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" fill="none"/>')

    def axes(self):
        end = self.width - 24
        for decade in range(self.decades + 1):
            y = self.y(10 ** decade)
            self.segment(self.left, y, end, y, "#e3e3e3")
            self.text(self.left - 8, y + 4, f"{10 ** decade:,}", "end")
        every = next(tick for tick in (10, 20, 25, 50, 100, 200, 500, 10 ** 6) if self.limit / tick <= 11)
        for latency in range(0, self.limit + 1, every):
            self.segment(self.x(latency), self.bottom, self.x(latency), self.bottom + 5, "#333")
            self.text(self.x(latency), self.bottom + 21, str(latency), "middle")
        self.segment(self.left, self.bottom, self.right, self.bottom, "#333")
        self.segment(self.left, self.top, self.left, self.bottom, "#333")
        self.segment(self.right + 14, self.bottom, end, self.bottom, "#333")
        self.text((self.right + 14 + end) / 2, self.bottom + 21, f"> {self.limit}", "middle")
        self.text((self.left + self.right) / 2, self.bottom + 44, "latency, \N{MICRO SIGN}s", "middle")
        middle = (self.top + self.bottom) / 2
        self.text(26, middle, f"cycles in {self.step} \N{MICRO SIGN}s (logarithmic)", "middle",
                  more=f' transform="rotate(-90 26 {middle:.1f})"')

    def line(self, one):
        path = [f"M{self.left:.1f} {self.bottom:.1f}"]
        for number, count in enumerate(one.bins(self.step)):
            path.append(f"V{self.y(count):.1f}H{self.x(min((number + 1) * self.step, self.limit)):.1f}")
        path.append(f"V{self.bottom:.1f}")
        colour = COLOURS[one.name]
        self.parts.append(f'<path d="{"".join(path)}Z" fill="{colour}" fill-opacity="0.22"/>')
        self.parts.append(f'<path d="{"".join(path)}" stroke="{colour}" stroke-width="1.6" fill="none" '
                          'stroke-linejoin="round"/>')

    def bar(self, number, one):
        x, y = self.right + 22 + 34 * number, self.y(one.beyond)
        colour = COLOURS[one.name]
        self.parts.append(f'<rect x="{x}" y="{y:.1f}" width="26" height="{self.bottom - y:.1f}" fill="{colour}" '
                          f'fill-opacity="0.22" stroke="{colour}" stroke-width="1.6"/>')
        self.text(x + 13, y - 6, str(one.beyond), "middle", size=12, fill=colour)

    def legend(self, number, one):
        y = self.height - 42 + 20 * number
        self.parts.append(f'<rect x="{self.left}" y="{y - 11}" width="14" height="12" fill="{COLOURS[one.name]}"/>')
        self.text(self.left + 22, y, one.name, weight="bold")
        self.text(self.left + 140, y, f"{one.cycles:,} cycles: least {one.least}, median {one.median()}, average {one.average:,}, "
                  f"most {one.most:,} \N{MICRO SIGN}s; {one.within(100):.0f} % within 100 \N{MICRO SIGN}s, "
                  f"{one.within(200):.0f} % within 200 \N{MICRO SIGN}s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("linux")
    parser.add_argument("realtime")
    parser.add_argument("--svg")
    parser.add_argument("--subtitle", default="")
    options = parser.parse_args()
    series = [Series(LINUX, options.linux), Series(REALTIME, options.realtime)]
    in_terminal(series, max(1, len(series[0].counts) // 20))
    if options.svg:
        with open(options.svg, "w", encoding="utf-8") as file:
            file.write("\n".join(Picture(series, options.subtitle).parts) + "\n")


main()
