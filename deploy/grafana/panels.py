"""What dashboards are made of: a few sorts of panels, one set of colours, a description that cannot be left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

Panel: TypeAlias = stat.Panel | bargauge.Panel | table.Panel | timeseries.Panel
Steps: TypeAlias = Sequence[tuple[float | None, str]]
"""From which value on a colour holds; the first begins nowhere."""

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="millrace-prometheus")

GREEN, YELLOW, RED, BLUE, GREY = "#56A64B", "#E0B400", "#E02F44", "#3274D9", "#8E8E8E"
PURPLE, ORANGE, TEAL = "#A352CC", "#FF780A", "#37A2A8"

COLOURS: Final = {
    "{{outcome}}": {
        "done": GREEN,
        "duplicate": BLUE,
        "retried": YELLOW,
        "dead": RED,
        "confirmed": GREEN,
        "away": RED,
        "refused": ORANGE,
        "unroutable": PURPLE,
    },
    "{{queue}}": {
        "content": BLUE,
        "content[.]urgent": "#8AB8FF",
        "person": PURPLE,
        "person[.]urgent": "#CA95E5",
        "scraping": ORANGE,
        "scraping[.]urgent": "#FFB357",
        "processing": GREEN,
        "maintenance": GREY,
        "dead-letters": RED,
    },
    "{{state}}": {"busy": BLUE, "idle": GREY},
    "{{status}}": {"2xx": GREEN, "3xx": TEAL, "4xx": YELLOW, "5xx": RED},
    "recommended": {"recommended": YELLOW},
    "objective": {"objective": RED},
    "half": {"half": GREEN},
    "95 %": {"95 %": YELLOW},
    "99 %": {"99 %": RED},
}
"""By legend, the colour of each line whose whole name matches an expression: one thing looks the same everywhere."""

APART: Final = ("recommended", "objective")
"""Legends of what is compared with: such a line is never part of a stack, and has no area."""

GOOD: Final[Steps] = ((None, GREEN),)


def board(uid: str, title: str, description: str) -> dashboard.Dashboard:
    """Return an empty dashboard with what all of them share."""
    links = (
        dashboard.DashboardLink("Millrace")
        .type(DashboardLinkType.DASHBOARDS)
        .tags(["millrace"])
        .keep_time(True)
        .as_dropdown(True)
    )
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["millrace"])
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .link(links)
    )


def number(title: str, description: str, expr: str, *, unit: str, steps: Steps, decimals: int | None = None) -> Panel:
    """Return one large number with its recent course; `steps` colour it."""
    panel = (
        stat.Panel()
        .with_target(_query(expr, "", "A"))
        .thresholds(_thresholds(steps))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .height(4)
        .span(4)
    )
    if decimals is not None:
        panel.decimals(decimals)
    return _named(panel, title, description, unit)


def states(title: str, description: str, expr: str, legend: str, names: Mapping[int, tuple[str, str]]) -> Panel:
    """Return a field for each series that says its state in a word; `names` gives word and colour of each value."""
    words = {str(value): ValueMappingResult(text=word, color=colour) for value, (word, colour) in names.items()}
    mappings: list[ValueMapping] = [ValueMap(options=words)]
    panel = (
        stat.Panel()
        .with_target(_query(expr, legend, "A", instant=True))
        .mappings(mappings)
        .thresholds(_thresholds([(value, colour) for value, (_, colour) in names.items()]))
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .height(8)
        .span(8)
    )
    return _named(panel, title, description, "none")


def bars(title: str, description: str, expr: str, legend: str, *, unit: str, steps: Steps, most: float | None) -> Panel:
    """Return a bar for each series as it is now, full at `most` where that is known."""
    panel = (
        bargauge.Panel()
        .with_target(_query(expr, legend, "A", instant=True))
        .thresholds(_thresholds(steps))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .min(0)
        .height(8)
        .span(8)
    )
    if most is not None:
        panel.max(most)
    return _named(panel, title, description, unit)


def lines(
    title: str,
    description: str,
    queries: Mapping[str, str],
    *,
    unit: str,
    stacked: bool = False,
    limit: float | None = None,
) -> Panel:
    """Return a graph; `queries` gives each legend (`{{queue}}`) its expression, `limit` is drawn as a red line."""
    panel = timeseries.Panel()
    for ref, (legend, expr) in zip("ABCDEF", queries.items(), strict=False):
        panel.with_target(_query(expr, legend, ref))
        for name, colour in COLOURS.get(legend, {}).items():
            fixed = {"mode": "fixed", "fixedColor": colour}
            properties = [DynamicConfigValue(id_val="color", value=fixed)]
            if legend in APART:
                properties.append(DynamicConfigValue(id_val="custom.stacking", value={"mode": "none"}))
                properties.append(DynamicConfigValue(id_val="custom.fillOpacity", value=0))
            panel.override_by_regexp(f"/^{name}$/", properties)
    panel = (
        panel.line_width(2 if not stacked else 1)
        .fill_opacity(60 if stacked else 8 if len(queries) == 1 else 0)
        .show_points(VisibilityMode.NEVER)
        .min(0)
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .height(8)
        .span(8)
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if limit is not None:
        panel.thresholds(_thresholds([(None, GREEN), (limit, RED)]))
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.DASHED))
    return _named(panel, title, description, unit)


class Column:
    """A column of a table: its head, the expression for its values, their unit, and the colours of its cells."""

    def __init__(
        self, head: str, expr: str, unit: str = "none", steps: Steps = GOOD, *, decimals: int | None = None
    ) -> None:
        self.head = head
        self.expr = expr
        self.unit = unit
        self.steps = steps
        self.decimals = decimals


def or_none(expr: str, label: str) -> str:
    """Return an expression that says 0, of `none`, where it would say nothing."""
    return f'{expr} or on () label_replace(vector(0), "{label}", "none", "", "")'


def rows(title: str, description: str, labels: Sequence[str], columns: Sequence[Column]) -> Panel:
    """Return a table with a row for each combination of `labels`, by which each column's expression is summed up."""
    panel = table.Panel()
    order = {label: place for place, label in enumerate(labels)}
    names: dict[str, str] = {}
    for place, (ref, column) in enumerate(zip("ABCDEFGH", columns, strict=False)):
        panel.with_target(_query(column.expr, "", ref, instant=True).format(PromQueryFormat.TABLE))
        # One query's column is called Value; several are told apart.
        value = f"Value #{ref}" if len(columns) > 1 else "Value"
        names[value] = column.head
        order[value] = len(labels) + place
        properties = [DynamicConfigValue(id_val="unit", value=column.unit)]
        if column.decimals is not None:
            properties.append(DynamicConfigValue(id_val="decimals", value=column.decimals))
        if len(column.steps) > 1:
            steps = [{"value": value, "color": colour} for value, colour in column.steps]
            properties += [
                DynamicConfigValue(id_val="thresholds", value={"mode": "absolute", "steps": steps}),
                DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
            ]
        panel.override_by_name(column.head, properties)
    organize = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}
    panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(DataTransformerConfig(id_val="organize", options=organize))
    return _named(panel.height(8).span(16), title, description, "none")


def _named(panel: Panel, title: str, description: str, unit: str) -> Panel:
    return panel.title(title).description(description).unit(unit).datasource(SOURCE)


def _query(expr: str, legend: str, ref: str, *, instant: bool = False) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(ref).datasource(SOURCE)
    return query.instant() if instant else query.range()


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    made = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(made)


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull"])
    )
