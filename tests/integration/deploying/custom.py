"""The objects of three operators, as far as we use them, after their documentation.

Not the operators' own schemas: those are long, and belong to whoever runs the cluster. A field that is not here is not
known to be one, so a typo is found out. RabbitmqCluster: the RabbitMQ Cluster Operator's guide "Using the operator";
ScaledObject: KEDA 2, "ScaledObject specification" and "Prometheus scaler"; PodMonitor, PrometheusRule: the Prometheus
Operator's API reference.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "integer", "minimum": 0}
LABELS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
QUANTITY: Schema = {"type": ["string", "integer"], "pattern": r"^[0-9.]+([KMGT]i?|m)?$"}
DURATION: Schema = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"}


def thing(required: tuple[str, ...] = (), **fields: Schema) -> Schema:
    """Return an object that has these fields and no others."""
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False}


def many(item: Schema) -> Schema:
    """Return a list of at least one."""
    return {"type": "array", "items": item, "minItems": 1}


def of_kind(version: str, kind: str, spec: Schema) -> Schema:
    """Return a whole object."""
    metadata = thing(("name",), name=TEXT, namespace=TEXT, labels=LABELS, annotations=LABELS)
    required = ("apiVersion", "kind", "metadata", "spec")
    return thing(required, apiVersion={"const": version}, kind={"const": kind}, metadata=metadata, spec=spec)


_POLICY = thing(
    ("type", "value", "periodSeconds"),
    type={"enum": ["Pods", "Percent"]},
    value=NUMBER,
    periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
)
_BEHAVIOUR = thing(
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600}, policies=many(_POLICY)
)

SCALED_OBJECT = of_kind(
    "keda.sh/v1alpha1",
    "ScaledObject",
    thing(
        ("scaleTargetRef", "triggers"),
        scaleTargetRef=thing(("name",), name=TEXT, kind=TEXT, apiVersion=TEXT),
        pollingInterval=NUMBER,
        minReplicaCount=NUMBER,
        maxReplicaCount=NUMBER,
        advanced=thing(
            horizontalPodAutoscalerConfig=thing(behavior=thing(scaleUp=_BEHAVIOUR, scaleDown=_BEHAVIOUR)),
        ),
        triggers=many(
            thing(
                ("type", "metadata"),
                type={"const": "prometheus"},
                metricType={"enum": ["AverageValue", "Value"]},
                # Every value is text, numbers and truths too.
                metadata=thing(
                    ("serverAddress", "query", "threshold"),
                    serverAddress=TEXT,
                    query=TEXT,
                    threshold={"type": "string", "pattern": r"^[0-9.]+$"},
                    ignoreNullValues={"enum": ["true", "false"]},
                ),
            )
        ),
    ),
)

_RESOURCES = thing(cpu=QUANTITY, memory=QUANTITY)

RABBITMQ_CLUSTER = of_kind(
    "rabbitmq.com/v1beta1",
    "RabbitmqCluster",
    thing(
        image=TEXT,
        replicas={"type": "integer", "minimum": 1},
        persistence=thing(storage=QUANTITY, storageClassName=TEXT),
        resources=thing(requests=_RESOURCES, limits=_RESOURCES),
        terminationGracePeriodSeconds=NUMBER,
        # As of a pod, which the schema of Kubernetes has.
        affinity={"type": "object"},
        rabbitmq=thing(additionalConfig=TEXT, advancedConfig=TEXT, additionalPlugins=many(TEXT)),
    ),
)

_RELABELING = thing(sourceLabels=many(TEXT), targetLabel=TEXT, replacement=TEXT, regex=TEXT, action=TEXT)

POD_MONITOR = of_kind(
    "monitoring.coreos.com/v1",
    "PodMonitor",
    thing(
        ("selector", "podMetricsEndpoints"),
        selector=thing(matchLabels=LABELS),
        podMetricsEndpoints=many(
            thing(("port",), port=TEXT, path=TEXT, interval=DURATION, relabelings=many(_RELABELING))
        ),
    ),
)

_RULE = {
    "type": "object",
    "properties": {
        "record": TEXT,
        "alert": TEXT,
        "expr": TEXT,
        "for": DURATION,
        "labels": LABELS,
        "annotations": LABELS,
    },
    "required": ["expr"],
    "oneOf": [{"required": ["record"]}, {"required": ["alert"]}],
    "additionalProperties": False,
}

PROMETHEUS_RULE = of_kind(
    "monitoring.coreos.com/v1",
    "PrometheusRule",
    thing(("groups",), groups=many(thing(("name", "rules"), name=TEXT, interval=DURATION, rules=many(_RULE)))),
)

SCHEMAS = {
    "ScaledObject": SCALED_OBJECT,
    "RabbitmqCluster": RABBITMQ_CLUSTER,
    "PodMonitor": POD_MONITOR,
    "PrometheusRule": PROMETHEUS_RULE,
}
