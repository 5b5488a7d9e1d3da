"""What an autoscaler decides: for its own machine, within its bound, and never against a person."""

from __future__ import annotations

from dataclasses import replace

from producers.scaling.autoscale import Autoscaler
from producers.scaling.views import Instance, PoolView

HERE = Instance("content", "content.1@here", "here", 1, 2, 0, 2, 0, 0.0, 0, 0)
THERE = replace(HERE, node="content.2@there", host="there", pid=2)


def view(recommended: int, *running: Instance) -> PoolView:
    return PoolView(
        "content",
        (),
        running,
        processes=sum(one.processes for one in running),
        busy=0,
        ready=0,
        oldest_age=0.0,
        guessed=False,
        arrivals=None,
        mean_seconds=None,
        objective=300.0,
        recommended=recommended,
        reason="so it is",
    )


def told(scaler: Autoscaler, seen: PoolView) -> dict[str, int]:
    (decision,) = scaler.decide([seen])
    return dict(decision.processes)


def test_it_follows_the_recommendation_up_and_down_and_tells_nobody_what_is_so_already() -> None:
    scaler = Autoscaler("here", most=8)
    assert told(scaler, view(5, HERE)) == {HERE.node: 5}
    assert told(scaler, view(5, replace(HERE, processes=5))) == {}
    assert told(scaler, view(1, replace(HERE, processes=5))) == {HERE.node: 1}


def test_what_works_on_other_machines_is_their_own_and_counts() -> None:
    assert told(Autoscaler("here", most=8), view(5, HERE, THERE)) == {HERE.node: 3}
    assert told(Autoscaler("here", most=8), view(1, HERE, replace(THERE, processes=9))) == {HERE.node: 1}
    (decision,) = Autoscaler("here", most=8).decide([view(5, THERE)])
    assert (dict(decision.processes), decision.left_alone) == ({}, decision.reason)
    assert "millrace pool start content" in decision.reason


def test_its_machine_has_a_bound_and_each_instance_a_process() -> None:
    assert told(Autoscaler("here", most=4), view(16, HERE)) == {HERE.node: 4}
    second = replace(HERE, node="content.3@here", pid=3)
    assert told(Autoscaler("here", most=4), view(1, HERE, second)) == {HERE.node: 1, second.node: 1}


def test_what_a_person_says_meanwhile_is_respected_until_the_instance_is_another() -> None:
    scaler = Autoscaler("here", most=8)
    old = replace(HERE, told=1)  # told before it began, and without knowing of it
    assert told(scaler, view(5, old)) == {HERE.node: 5}
    (decision,) = scaler.decide([view(5, replace(HERE, told=2))])
    assert dict(decision.processes) == {}
    assert HERE.node in decision.left_alone
    assert told(scaler, view(5, replace(HERE, pid=9))) == {HERE.node: 5}


def test_an_instance_that_came_later_and_was_told_already_is_respected_too() -> None:
    scaler = Autoscaler("here", most=8)
    told(scaler, view(2, HERE))
    assert told(scaler, view(5, HERE, replace(HERE, node="content.4@here", pid=4, told=1))) == {}
