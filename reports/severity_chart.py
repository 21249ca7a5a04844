"""The workbook's one chart: findings by kind, stacked by severity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from openpyxl.chart import BarChart
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.data_source import (
    AxDataSource,
    NumData,
    NumDataSource,
    NumRef,
    NumVal,
    StrData,
    StrRef,
    StrVal,
)
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.drawing.line import LineProperties

from reports.cell import cell_text

_COLOURS = {
    "critical": "8B1A1A",
    "high": "D9702B",
    "medium": "F2C14E",
    "low": "8FB3C7",
    "info": "C9CED3",
}
_WIDTH_CM = 25
_FRAME_CM, _BAR_CM = 3.2, 0.75


def severity_chart(
    kinds: str, labels: Sequence[str], counts: Mapping[str, tuple[str, Sequence[int]]]
) -> BarChart:
    """Return a horizontal stacked bar chart of ``labels``, the first on top.

    ``kinds`` refers to the cells of the labels; ``counts`` gives per severity the reference to its
    cells and the numbers in them, which viewers that do not compute show as they are.
    """
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 50
    chart.title = "Findings by kind and severity"
    chart.width, chart.height = _WIDTH_CM, math.ceil(_FRAME_CM + _BAR_CM * len(labels))
    chart.legend.position = "b"
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.majorUnit = max(1, _most(counts) // 10)
    chart.y_axis.number_format = "0"
    chart.y_axis.crosses = "max"
    light = GraphicalProperties(ln=LineProperties(solidFill="E3E7EB"))
    chart.y_axis.majorGridlines = ChartLines(spPr=light)
    for severity, (cells, numbers) in counts.items():
        chart.series.append(_series(severity, _labels(kinds, labels), cells, numbers))
    return chart


def _most(counts: Mapping[str, tuple[str, Sequence[int]]]) -> int:
    columns = [numbers for _, numbers in counts.values()]
    totals: list[int] = [sum(bar) for bar in zip(*columns, strict=True)]
    return max(totals)


def _labels(cells: str, labels: Sequence[str]) -> AxDataSource:
    points = [StrVal(idx=index, v=cell_text(label)) for index, label in enumerate(labels)]
    return AxDataSource(strRef=StrRef(f=cells, strCache=StrData(ptCount=len(points), pt=points)))


def _series(severity: str, labels: AxDataSource, cells: str, numbers: Sequence[int]) -> Series:
    points = [NumVal(idx=index, v=str(number)) for index, number in enumerate(numbers)]
    cache = NumData(formatCode="General", ptCount=len(points), pt=points)
    series = Series(
        cat=labels,
        val=NumDataSource(numRef=NumRef(f=cells, numCache=cache)),
        tx=SeriesLabel(v=severity),
    )
    series.graphicalProperties.solidFill = _COLOURS[severity]
    series.graphicalProperties.line.solidFill = "FFFFFF"
    return series
