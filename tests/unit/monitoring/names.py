"""Reading the names of metrics, and of the labels they are asked by, out of PromQL."""

from __future__ import annotations

import re

from prometheus_client.metrics import MetricWrapperBase

from shared.telemetry import metrics

OF_PROMETHEUS = {"up": {"job", "instance", "pool"}, "ALERTS": {"alertname", "alertstate", "severity"}}

OF_RABBITMQ = {
    "rabbitmq_alarms_free_disk_space_watermark": {"instance"},
    "rabbitmq_alarms_memory_used_watermark": {"instance"},
    "rabbitmq_disk_space_available_bytes": {"instance"},
    "rabbitmq_disk_space_available_limit_bytes": {"instance"},
    "rabbitmq_process_resident_memory_bytes": {"instance"},
}
"""What RabbitMQ itself tells and we ask for; a test asks a real one whether it tells all of it."""

WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def declared() -> dict[str, set[str]]:
    """Return every series that Millrace tells, with its labels: those of a histogram under their own names."""
    found: dict[str, set[str]] = {}
    for one in vars(metrics).values():
        if not isinstance(one, MetricWrapperBase):
            continue
        (family,) = one.describe()
        own = set(one._labelnames)
        if family.type == "histogram":
            found |= {f"{family.name}_sum": own, f"{family.name}_count": own, f"{family.name}_bucket": own | {"le"}}
        else:
            found[f"{family.name}_total" if family.type == "counter" else family.name] = own
    return found


def asked(expr: str) -> set[str]:
    """Return the names of the series that an expression asks for, recorded ones among them."""
    bare = re.sub(r"#.*", "", expr)
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", bare)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    # A duration, 10m, is no name; neither is what is called.
    return {
        match[0]
        for match in NAME.finditer(bare)
        if match[0] not in WORDS
        and not bare[match.end() :].lstrip().startswith("(")
        and not bare[: match.start()].endswith(tuple("0123456789."))
    }


def selected(expr: str) -> set[tuple[str, str]]:
    """Return each series with each label that an expression selects it by."""
    bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", '""', expr)
    return {
        (name, label)
        for name, matchers in re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}", bare)
        for label in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", matchers)
    }
