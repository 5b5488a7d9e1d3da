"""The line as an AsyncAPI 3.0 document: every kind, where it is published, and who takes it up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.broker import topology
from shared.broker.wire import JSON, LEAST, MOST, NORMAL
from shared.contracts.documents import Schema, schema_of, without_references
from shared.contracts.kind import Kind

WIRE_VERSION = "1.0.0"
"""Version of properties and headers; payloads have versions of their own."""

_BINDING = "0.3.0"
_MOMENT = {"type": "integer", "minimum": 0, "description": "Milliseconds since the Unix epoch."}

HEADERS: dict[str, Schema] = {
    "schema": {"type": "integer", "minimum": 1, "default": 1, "description": "Version of the payload."},
    "attempt": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "How often it was tried before; set by the line, publishers leave it out.",
    },
    "replay": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "How often it came back from the dead letters; set by the line, publishers leave it out.",
    },
    "cause": {"type": "string", "description": "Id of the message whose handling published this one."},
    "traceparent": {"type": "string", "description": "W3C trace context of the publisher."},
    "published_at": _MOMENT | {"description": "When it was published, in milliseconds since the Unix epoch."},
    "not_before": _MOMENT | {"description": "Not started before this moment, in milliseconds since the Unix epoch."},
    "expires_at": _MOMENT
    | {"description": "Dead-lettered instead of started after this moment, in milliseconds since the Unix epoch."},
}
"""The application headers, none of them required."""

PROPERTIES: dict[str, Schema] = {
    "type": {"type": "string", "description": "The kind; defaults to the routing key."},
    "message_id": {
        "type": "string",
        "format": "uuid",
        "description": "Identity for de-duplication, kept through retries and replays; a fresh one when missing.",
    },
    "correlation_id": {
        "type": "string",
        "description": "Id of the first message of the chain; defaults to the message's own.",
    },
    "timestamp": {"type": "integer", "description": "When it was published, in seconds since the Unix epoch."},
    "app_id": {"type": "string", "description": "Name of the publishing service."},
    "content_type": {
        "type": "string",
        "default": JSON,
        "description": f"{JSON}; a message that says anything else is dead-lettered, never guessed at.",
    },
    "content_encoding": {"type": "string", "default": "utf-8", "description": "utf-8; as for content_type."},
    "delivery_mode": {"const": 2, "description": "Persistent."},
    "priority": {
        "type": "integer",
        "minimum": LEAST,
        "maximum": MOST,
        "default": NORMAL,
        "description": "9 a person is waiting, 5 normal, 1 background refresh.",
    },
}
"""The AMQP 0-9-1 basic properties, none of them required."""


def document(kinds: Iterable[Kind]) -> dict[str, Any]:
    """Return the AsyncAPI document of these kinds."""
    every = sorted(kinds, key=lambda kind: kind.name)
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for kind in every:
        channels[kind.name] = _channel(kind, kind.exchange, "")
        operations[f"{kind.name}.send"] = _send(kind, kind.name)
        if not kind.is_fact:
            channels[f"{kind.name}.urgent"] = _channel(kind, topology.URGENT, " Somebody waits for the answer.")
            operations[f"{kind.name}.send.urgent"] = _send(kind, f"{kind.name}.urgent", topology.URGENT_FROM)
            operations[f"{kind.name}.receive"] = _receive(kind)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Millrace", "version": WIRE_VERSION, "description": _ABOUT},
        "defaultContentType": JSON,
        "servers": {"broker": _SERVER},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {kind.name: _message(kind) for kind in every},
            "messageTraits": {"wire": {"headers": _headers(), "x-amqp-properties": PROPERTIES}},
        },
    }


_ABOUT = (
    "Keeps catalogues fresh: services ask for work with small messages, dedicated pools do it. "
    "Bodies are plain JSON objects. A publisher need only set body, exchange and routing key; every property and "
    "header that it leaves out has the default given here. Kinds under `facts` say what happened; any service may "
    "bind a queue of its own to that exchange, and should ignore fields it does not know."
)

_SERVER = {
    "host": "{host}:{port}",
    "pathname": "/{vhost}",
    "protocol": "amqp",
    "protocolVersion": "0-9-1",
    "description": "RabbitMQ, 3.10 or later. `millrace topology apply` declares exchanges, queues and bindings.",
    "variables": {
        "host": {"default": "127.0.0.1", "description": "Where the broker listens."},
        "port": {"default": "5672", "description": "5671 where the broker speaks TLS."},
        "vhost": {"default": "", "description": "Virtual host, percent-encoded; empty for `/`."},
    },
    "security": [{"type": "userPassword", "description": "A RabbitMQ user with write permission on the exchange."}],
}


def _channel(kind: Kind, exchange: str, remark: str) -> dict[str, Any]:
    return {
        "address": kind.name,
        "description": f"Exchange `{exchange}`, routing key `{kind.name}`.{remark}",
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {kind.name: {"$ref": f"#/components/messages/{kind.name}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": exchange, "type": "topic", "durable": True, "autoDelete": False},
                "bindingVersion": _BINDING,
            }
        },
    }


def _message(kind: Kind) -> dict[str, Any]:
    # References would be looked up in this document, where the payload's own definitions are not.
    payload = without_references(schema_of(kind))
    return {
        "name": kind.name,
        "title": f"{kind.name} v{kind.schema}",
        "summary": kind.summary,
        "contentType": JSON,
        "traits": [{"$ref": "#/components/messageTraits/wire"}],
        "payload": {name: value for name, value in payload.items() if name != "$schema"},
        "bindings": {"amqp": {"messageType": kind.name, "bindingVersion": _BINDING}},
        "examples": [
            {
                "name": "example",
                "headers": {"schema": kind.schema, "attempt": 0, "replay": 0, "published_at": 1700000000000},
                "payload": dict(kind.example),
            }
        ],
    }


def _send(kind: Kind, channel: str, priority: int = NORMAL) -> dict[str, Any]:
    told = "Tell whoever listens" if kind.is_fact else "Ask for it"
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": f"{told}: {kind.summary}",
        "messages": [{"$ref": f"#/channels/{channel}/messages/{kind.name}"}],
        "bindings": {
            "amqp": {
                "deliveryMode": 2,
                "mandatory": not kind.is_fact,
                "priority": priority,
                "timestamp": True,
                "bindingVersion": _BINDING,
            }
        },
    }


def _receive(kind: Kind) -> dict[str, Any]:
    pool = topology.pool_of(kind.name)
    taken = "by no pool" if pool is None else f"by the pool `{pool.name}` from {' and '.join(pool.queues)}"
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{kind.name}"},
        "summary": f"Done {taken}.",
        "messages": [{"$ref": f"#/channels/{kind.name}/messages/{kind.name}"}],
        "bindings": {"amqp": {"ack": True, "bindingVersion": _BINDING}},
    }


def _headers() -> Schema:
    return {"type": "object", "properties": HEADERS, "additionalProperties": True}
