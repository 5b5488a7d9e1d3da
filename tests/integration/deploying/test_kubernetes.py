"""The manifests as kustomize makes them: valid, confined, and started, scaled and ended as the code expects."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from consumers.task import HARD_LIMIT
from deploy.kubernetes.__main__ import OBJECT, rendered
from shared.broker import topology
from shared.secret_files import secret_variables
from shared.settings import Settings
from tests.integration.deploying.conftest import Tool
from tests.integration.deploying.custom import SCHEMAS
from tests.unit.deploying.roles import containers, of_compose, of_kubernetes
from tests.unit.deploying.words import parse

KUBERNETES = Path(__file__).parents[3] / "deploy" / "kubernetes"
VERSION = "1.37.0"

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def objects(tool: Tool) -> list[Manifest]:
    command = [str(tool("kustomize")), "build", str(KUBERNETES / "overlays" / "production")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


def check(one: Manifest) -> None:
    """Raise one of two ValidationErrors for what Kubernetes, or an operator, would not take."""
    if (schema := SCHEMAS.get(one["kind"])) is not None:
        jsonschema.validate(one, schema)
    else:
        kubernetes_validate.validate(one, VERSION, strict=True)


def of_kind(objects: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def pods(objects: list[Manifest]) -> Iterator[Manifest]:
    for kind in ("Deployment", "Job"):
        yield from (one["spec"]["template"] for one in of_kind(objects, kind).values())


def test_every_object_is_one_that_kubernetes_and_the_operators_take(objects: list[Manifest]) -> None:
    for one in objects:
        check(one)

    assert len({(one["kind"], one["metadata"]["name"]) for one in objects}) == len(objects)
    affinity = of_kind(objects, "RabbitmqCluster")["rabbitmq"]["spec"]["affinity"]
    pod = {"containers": [{"name": "any", "image": "any"}], "affinity": affinity}
    check({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "any"}, "spec": pod})


def test_a_field_that_there_is_not_is_found_out(objects: list[Manifest]) -> None:
    for kind in ("Deployment", "ScaledObject", "RabbitmqCluster", "PodMonitor", "PrometheusRule"):
        one = copy.deepcopy(next(iter(of_kind(objects, kind).values())))
        one["spec"]["replica"] = 2

        with pytest.raises((jsonschema.ValidationError, kubernetes_validate.ValidationError)):
            check(one)


def test_kubernetes_and_compose_start_the_same_and_millrace_knows_it_all(objects: list[Manifest]) -> None:
    assert of_kubernetes(objects) == of_compose()
    for container in containers(objects):
        parse(container["args"])
        assert "command" not in container, "the image's entry point is every role's"


def test_every_variable_is_a_setting_and_every_secret_a_file_of_a_secret_that_is_mounted(
    objects: list[Manifest],
) -> None:
    secret = set(secret_variables(Settings.model_fields))
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    for pod in pods(objects):
        files = {
            item["path"]
            for volume in pod["spec"]["volumes"]
            for source in volume.get("projected", {}).get("sources", ())
            for item in source["secret"]["items"]
        }
        for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]:
            for variable, value in ((one["name"], one.get("value")) for one in container["env"]):
                if variable.endswith("_FILE"):
                    assert variable.removesuffix("_FILE") in secret
                    whole = {mount["mountPath"] for mount in container["volumeMounts"]}
                    folder, _, name = value.rpartition("/")
                    assert value in whole or folder in whole
                    assert value in whole or not files or name in files
                else:
                    assert variable in known | {"ADMIN", "ADMIN_PASSWORD"}


def test_no_container_may_more_than_needed(objects: list[Manifest]) -> None:
    for pod in pods(objects):
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["spec"]["automountServiceAccountToken"] is False
    for container in containers(objects):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert container["image"].endswith(":0.1.0")


def test_processes_and_pods_of_a_pool_are_counted_alike(objects: list[Manifest]) -> None:
    for pool in topology.POOLS:
        deployment = of_kind(objects, "Deployment")[f"pool-{pool.name}"]["spec"]
        scaling = of_kind(objects, "ScaledObject")[f"pool-{pool.name}"]["spec"]
        (container,) = deployment["template"]["spec"]["containers"]
        (trigger,) = scaling["triggers"]
        processes = int(container["args"][container["args"].index("--concurrency") + 1])

        assert scaling["scaleTargetRef"]["name"] == f"pool-{pool.name}"
        assert trigger["metadata"]["query"] == f'max(millrace_pool_recommended_processes{{queue="{pool.name}"}})'
        assert trigger["metricType"] == "AverageValue"
        assert int(trigger["metadata"]["threshold"]) == processes
        assert 1 <= scaling["minReplicaCount"] <= scaling["maxReplicaCount"] <= -(-pool.most // processes)
        assert "replicas" not in deployment, "an apply would undo what KEDA decided"


def test_a_pool_has_as_long_to_end_as_an_attempt_may_take_and_is_not_ended_for_being_slow(
    objects: list[Manifest],
) -> None:
    for pool in topology.POOLS:
        pod = of_kind(objects, "Deployment")[f"pool-{pool.name}"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]

        assert pod["terminationGracePeriodSeconds"] > HARD_LIMIT
        assert "lifecycle" not in container
        assert container["livenessProbe"]["httpGet"]["path"] == "/metrics"
        assert (
            of_kind(objects, "PodDisruptionBudget")[f"pool-{pool.name}"]["spec"]["selector"]["matchLabels"][
                "millrace/pool"
            ]
            == pool.name
        )


def test_whoever_is_given_a_broker_s_address_may_talk_to_it(objects: list[Manifest]) -> None:
    for pod in pods(objects):
        variables = {
            one["name"].removesuffix("_FILE")
            for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]
            for one in container["env"]
        }
        labels = pod["metadata"]["labels"]

        assert ("RABBITMQ_URL" in variables) == ("millrace/speaks-to-broker" in labels)
        assert ("RABBITMQ_MANAGEMENT_URL" in variables) == ("millrace/speaks-to-management" in labels)


def test_the_rules_are_those_of_prometheus() -> None:
    assert OBJECT.read_text() == rendered(), "python -m deploy.kubernetes"
