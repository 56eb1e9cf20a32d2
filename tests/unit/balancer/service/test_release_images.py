"""The image of a release: known by content, found or pulled before anything changes, while everything else goes on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import pytest

from balancer.core.deploy import Stage
from balancer.core.errors import Busy, InvalidRequest, StartFailed
from balancer.core.event import EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.image import Image, Progress
from balancer.core.lifecycle import State
from tests.fakes.images import HALF, WHOLE, FakeImages
from tests.unit.balancer.in_memory import PULL_TIMEOUT, START_GRACE, InMemoryBalancer
from tests.unit.balancer.rolling import OLD, carry_on

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")


@pytest.fixture
def balancer() -> InMemoryBalancer:
    """Its servers run the content A, which was built here as app:1."""
    balancer = InMemoryBalancer(release=OLD)
    balancer.images.build("app:1", A)
    return balancer.started()


class Lacking(Collection[str]):
    """The contents that the engine does not have by now."""

    def __init__(self, images: FakeImages) -> None:
        self._images = images

    def __contains__(self, content: object) -> bool:
        return str(content).startswith("sha256:") and self._images.find(str(content)) is None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def contents(balancer: InMemoryBalancer) -> set[str]:
    """What the containers of all servers and spares are made of."""
    return {container.image for container in balancer.runtime.observe().values()}


def lose_a_server(balancer: InMemoryBalancer) -> None:
    balancer.runtime.die(balancer.desired.fleet.of(State.SERVING)[0].instance)
    balancer.steps(3)


def during_the_pull(
    balancer: InMemoryBalancer, act: Callable[[], object], *, pulls: Callable[[], object] | None = None
) -> None:
    """Has the rollout's loop pull the deploy's image, or has `pulls` do it, and acts meanwhile."""
    pull = balancer.images.pull

    def pull_and_act(name: str):  # type: ignore[no-untyped-def]
        balancer.images.pull = pull  # type: ignore[method-assign]
        running = pull(name)
        yield next(running)
        act()
        yield from running

    balancer.images.pull = pull_and_act  # type: ignore[method-assign]
    (pulls or balancer.rollout.carry_out_surge)()
    balancer.images.pull = pull  # type: ignore[method-assign]


def stage(balancer: InMemoryBalancer) -> tuple[Stage, str]:
    deploy = balancer.desired.fleet.deploy
    assert deploy is not None
    return deploy.stage, deploy.reason


# One content for all servers, whatever the name means by then.


def test_a_replacement_and_a_new_server_run_the_content_of_the_others(balancer: InMemoryBalancer) -> None:
    balancer.images.build("app:1", B)
    lose_a_server(balancer)
    balancer.fleet.add(FleetChange(1))
    assert contents(balancer) == {A}
    assert len(balancer.replicas) == 4


def test_a_deploy_that_goes_back_gives_the_old_content_again(balancer: InMemoryBalancer) -> None:
    balancer.images.build("app:2", C)
    balancer.rollout.begin({"image": "app:2"})
    balancer.rollout.carry_out_surge()
    balancer.images.build("app:1", B)
    balancer.rollout.cancel()
    carry_on(balancer)
    lose_a_server(balancer)
    assert (contents(balancer), stage(balancer)[0]) == ({A}, Stage.ROLLED_BACK)


def test_a_deploy_of_the_same_name_rolls_what_it_means_now(balancer: InMemoryBalancer) -> None:
    balancer.images.build("app:1", B)
    balancer.rollout.begin({"image": "app:1"})
    carry_on(balancer)
    assert (contents(balancer), stage(balancer)[0]) == ({B}, Stage.DONE)
    assert balancer.desired.fleet.release.content == B


def test_a_deploy_that_names_no_image_keeps_the_content(balancer: InMemoryBalancer) -> None:
    balancer.images.build("app:1", B)
    balancer.rollout.begin({"memory": "1g"})
    carry_on(balancer)
    assert (contents(balancer), stage(balancer)[0]) == ({A}, Stage.DONE)


def test_a_restart_rolls_no_image_that_nobody_asked_for(balancer: InMemoryBalancer) -> None:
    balancer.images.build("app:1", B)
    again = balancer.restarted()
    again.steps(3)
    lose_a_server(again)
    assert again.desired.fleet.deploy is None
    assert contents(again) == {A}


def test_settings_that_tell_another_content_are_rolled(balancer: InMemoryBalancer) -> None:
    balancer.images.build("app:1", B)
    again = balancer.restarted(release=replace(OLD, content=B))
    again.step()
    carry_on(again)
    assert (contents(again), stage(again)[0]) == ({B}, Stage.DONE)


def test_settings_that_tell_the_content_that_servers_have_are_obeyed_without_a_roll(balancer: InMemoryBalancer) -> None:
    """As after an upgrade from a balancer whose settings told none."""
    before = balancer.runtime.observe()
    again = balancer.restarted(release=replace(OLD, content=A))
    again.step()
    carry_on(again)
    assert stage(again)[0] is Stage.DONE
    assert again.runtime.observe() == before


def test_the_content_of_a_state_that_tells_none_is_that_of_the_containers(balancer: InMemoryBalancer) -> None:
    balancer.desired.change(lambda fleet: replace(fleet, release=fleet.release.named_anew()))
    balancer.images.build("app:1", B)
    again = balancer.restarted()
    again.steps(2)
    lose_a_server(again)
    assert contents(again) == {A}
    assert again.desired.fleet.release.content == A


# Nothing waits for a pull.


def test_an_image_that_is_here_is_not_pulled(balancer: InMemoryBalancer) -> None:
    balancer.images.build("app:2", B)
    balancer.rollout.begin({"image": "app:2"})
    carry_on(balancer)
    assert balancer.images.pulled == []


def test_while_a_deploy_pulls_changes_and_replacements_go_on_with_the_present_release(
    balancer: InMemoryBalancer,
) -> None:
    def act() -> None:
        assert balancer.rollout.pull == (Progress(), 0.0)
        assert stage(balancer) == (Stage.PULLING, "")
        balancer.fleet.add(FleetChange(1, ("S4",)))
        balancer.fleet.remove(FleetChange(1, ("S2",)))
        lose_a_server(balancer)
        with pytest.raises(Busy):
            balancer.rollout.begin({})
        assert len(balancer.replicas) == 3
        assert contents(balancer) == {A}

    balancer.rollout.begin({"image": "app:2"})
    during_the_pull(balancer, act)
    assert balancer.rollout.pull is None
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.DONE
    assert contents(balancer) == {balancer.images.anything("app:2").content}


def test_events_tell_the_begin_and_the_end_of_a_pull(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": "app:2"})
    during_the_pull(balancer, lambda: balancer.clock.sleep(7 * START_GRACE))
    told = [event for event in balancer.events.since(0).events if event.kind is EventKind.DEPLOY]
    assert [(event.facts.get("stage"), event.reason) for event in told[:2]] == [
        ("pulling", ""),
        ("rolling", f"app:2 was pulled: {WHOLE}"),
    ]
    assert told[1].seconds == 7 * START_GRACE
    assert told[1].facts["content"] == balancer.images.anything("app:2").content


def test_a_pull_that_fails_ends_the_deploy_with_the_engines_reason(balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()[0]
    balancer.images.broken = {"app:2"}
    balancer.rollout.begin({"image": "app:2"})
    carry_on(balancer)
    assert stage(balancer) == (Stage.ROLLED_BACK, "app:2 cannot be pulled: no space left on device")
    assert balancer.desired.fleet.servers == before
    assert balancer.is_sound()


def test_a_name_that_the_engine_does_not_take_ends_the_deploy(balancer: InMemoryBalancer) -> None:
    """It looks like a name, so nobody has refused it before."""
    balancer.rollout.begin({"image": "a..b/app:2"})
    carry_on(balancer)
    assert stage(balancer) == (Stage.ROLLED_BACK, "a..b/app:2 cannot be found: invalid reference format")


def test_a_pull_has_a_limit(balancer: InMemoryBalancer) -> None:
    balancer.images.silent = {"app:2"}
    balancer.rollout.begin({"image": "app:2"})
    during_the_pull(balancer, lambda: balancer.clock.sleep(PULL_TIMEOUT + 1))
    why = "app:2 was not pulled within 600 s: the registry has not begun to answer"
    assert stage(balancer) == (Stage.ROLLED_BACK, why)
    assert balancer.images.running == 0


def test_a_deploy_that_pulls_can_be_taken_back(balancer: InMemoryBalancer) -> None:
    balancer.images.silent = {"app:2"}
    balancer.rollout.begin({"image": "app:2"})
    during_the_pull(balancer, balancer.rollout.cancel)
    assert stage(balancer) == (Stage.ROLLED_BACK, "a user wants the old release again")
    assert balancer.images.running == 0
    assert balancer.is_sound()


def test_a_pull_is_begun_again_after_a_restart(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": "app:2"})
    again = balancer.restarted()
    again.step()
    carry_on(again)
    assert stage(again)[0] is Stage.DONE


def test_an_engine_that_goes_away_meanwhile_ends_no_deploy(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": "app:2"})
    balancer.images.away.arm(after=2, times=1)
    with pytest.raises(Exception, match="the engine does not answer"):
        balancer.rollout.carry_out_surge()
    assert stage(balancer) == (Stage.PULLING, "")
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.DONE


def test_an_id_is_asked_of_no_registry(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin({"image": C})
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.ROLLED_BACK
    assert f"no image on the engine has the id {C}" in stage(balancer)[1]
    assert balancer.images.pulled == []


# A name that moves is pulled on purpose.


def test_a_pull_on_purpose_rolls_what_the_registry_has_by_now(balancer: InMemoryBalancer) -> None:
    balancer.images.there["app:1"] = Image(B, f"app@{B}")
    balancer.rollout.begin({"pull": True})
    carry_on(balancer)
    assert balancer.images.pulled == ["app:1"]
    assert (contents(balancer), stage(balancer)[0]) == ({B}, Stage.DONE)
    assert balancer.desired.fleet.release.digest == f"app@{B}"


def test_a_pull_on_purpose_of_the_same_content_rolls_nothing(balancer: InMemoryBalancer) -> None:
    balancer.images.there["app:1"] = Image(A, f"app@{A}")
    before = balancer.runtime.observe()
    balancer.rollout.begin({"image": "app:1", "pull": True})
    carry_on(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert balancer.runtime.observe() == before
    assert balancer.is_sound()


@pytest.mark.parametrize("pull", ["yes", 1, None])
def test_whether_to_pull_is_true_or_false(balancer: InMemoryBalancer, pull: object) -> None:
    with pytest.raises(InvalidRequest, match="pull must be true or false"):
        balancer.rollout.begin({"pull": pull})
    assert balancer.desired.fleet.deploy is None


# First servers wait for their image.


def test_the_first_servers_wait_for_their_image_which_is_told() -> None:
    balancer = InMemoryBalancer(release=OLD)
    told: list[str] = []

    def look() -> None:
        balancer.clock.sleep(12)
        told.extend(balancer.health.report()["ailments"].values())
        assert balancer.runtime.names == set()

    pull = balancer.images.pull

    def pull_and_look(name: str):  # type: ignore[no-untyped-def]
        for progress in pull(name):
            yield progress
            look()

    balancer.images.pull = pull_and_look  # type: ignore[method-assign]
    balancer.steps(3)
    what = "servers wait for the image app:1, which is being pulled"
    assert told == [
        f"{what}: the registry has not begun to answer, after 0 s",
        f"{what}: {HALF}, after 12 s",
        f"{what}: {WHOLE}, after 24 s",
    ]
    assert balancer.health.report()["ready"]
    assert balancer.desired.fleet.release.content == balancer.images.anything("app:1").content


def test_a_first_pull_that_fails_is_told_and_tried_again_ever_more_seldom() -> None:
    balancer = InMemoryBalancer(release=OLD)
    balancer.images.broken = {"app:1"}
    balancer.steps(9)
    assert balancer.health.report()["ailments"] == {"image": "app:1 cannot be pulled: no space left on device"}
    assert len(balancer.images.pulled) == 3
    balancer.images.broken = ()
    balancer.clock.sleep(60)
    balancer.steps(3)
    assert balancer.health.report()["ready"]


def test_other_settings_end_the_first_pull() -> None:
    balancer = InMemoryBalancer(release=OLD)
    balancer.images.broken = {"app:1"}
    balancer.steps(2)
    again = balancer.restarted(release=replace(OLD, image="app:2"))
    again.steps(3)
    assert again.health.report()["ready"]
    assert contents(again) == {again.images.anything("app:2").content}


# What `docker image prune -af` takes away.


def pruned(balancer: InMemoryBalancer) -> None:
    """The engine lost its images, and can create no container of them until they are pulled or built again."""
    balancer.images.prune()
    balancer.runtime.lacking = Lacking(balancer.images)


def test_an_image_that_was_lost_is_pulled_again_by_its_digest() -> None:
    balancer = InMemoryBalancer(release=OLD).started()
    content = balancer.desired.fleet.release.content
    balancer.images.there["app:1"] = Image(B, f"app:1@{B}")
    balancer.images.there["old"] = Image(content, balancer.desired.fleet.release.digest)
    pruned(balancer)
    lose_a_server(balancer)
    assert balancer.images.pulled[1:] == [balancer.desired.fleet.release.digest]
    assert balancer.health.report()["ready"]
    assert contents(balancer) == {content}


def test_the_digest_of_a_content_that_the_settings_tell_is_known_in_time() -> None:
    balancer = InMemoryBalancer(release=replace(OLD, content=A))
    balancer.images.here["app:1"] = Image(A, f"app@{A}")
    balancer.started()
    balancer.get_image()
    assert balancer.desired.fleet.release.digest == f"app@{A}"


def test_an_image_without_a_digest_is_looked_up_once_and_not_at_every_round(balancer: InMemoryBalancer) -> None:
    find, asked = balancer.images.find, []

    def note_and_find(name: str) -> Image | None:
        asked.append(name)
        return find(name)

    balancer.images.find = note_and_find  # type: ignore[method-assign]
    for _ in range(3):
        balancer.get_image()
    assert asked in ([], [A])


def test_a_digest_that_gives_something_else_is_no_content_of_a_release(balancer: InMemoryBalancer) -> None:
    """As after a move to an engine that counts ids in another way."""
    balancer.desired.change(lambda fleet: replace(fleet, release=fleet.release.of(Image(A, f"app@{C}"))))
    balancer.images.there["app:9"] = Image(B, f"app@{C}")
    pruned(balancer)
    lose_a_server(balancer)
    assert f"app@{C} is another image here: {B}" in balancer.health.report()["ailments"]["image"]
    assert contents(balancer) == {A}


def test_an_image_that_was_built_here_and_lost_is_told_with_what_to_do(balancer: InMemoryBalancer) -> None:
    pruned(balancer)
    lose_a_server(balancer)
    why = balancer.health.report()["ailments"]["image"]
    assert why == (
        f"the image app:1 ({A}) is no longer on the engine; it may have been removed by `docker image prune -af`: "
        'build or pull it again, then POST /deploy {"image": "app:1"}'
    )
    assert balancer.images.pulled == []
    with pytest.raises(StartFailed, match="no longer on the engine"):
        balancer.fleet.add(FleetChange(1))
    balancer.images.build("app:1", B)
    balancer.rollout.begin({"image": "app:1"})
    carry_on(balancer)
    balancer.clock.sleep(60)
    balancer.steps(4)
    assert contents(balancer) == {B}
    assert balancer.health.report()["ready"]


def test_the_pull_of_a_lost_image_ends_when_a_deploy_gives_another_one() -> None:
    balancer = InMemoryBalancer(release=OLD).started()
    pruned(balancer)
    balancer.runtime.die("S1")
    balancer.reconciler.step()
    balancer.settle()
    balancer.images.silent = {balancer.desired.fleet.release.digest}

    def deploy() -> None:
        balancer.rollout.begin({"image": "app:2"})
        while balancer.rollout.is_running:
            balancer.rollout.carry_out_surge()
            balancer.reconciler.step()
            balancer.settle()

    during_the_pull(balancer, deploy, pulls=balancer.get_image)
    assert balancer.images.running == 0
    balancer.clock.sleep(60)
    balancer.steps(3)
    assert contents(balancer) == {balancer.images.anything("app:2").content}
    assert balancer.health.report()["ready"]


def test_an_add_that_misses_the_image_has_it_pulled_for_the_next_one() -> None:
    balancer = InMemoryBalancer(release=OLD).started()
    pruned(balancer)
    with pytest.raises(StartFailed, match="no longer on the engine"):
        balancer.fleet.add(FleetChange(1))
    assert "no longer on the engine" in balancer.health.report()["ailments"]["image"]
    balancer.steps(2)
    assert balancer.health.report()["ready"]
    balancer.fleet.add(FleetChange(1))
    assert len(balancer.replicas) == 4


def test_a_deploy_goes_back_to_an_image_that_was_lost_meanwhile() -> None:
    balancer = InMemoryBalancer(release=OLD).started()
    content = balancer.desired.fleet.release.content
    balancer.rollout.begin({"image": "app:2"})
    balancer.rollout.carry_out_surge()
    pruned(balancer)
    balancer.rollout.cancel()
    carry_on(balancer)
    assert (contents(balancer), stage(balancer)[0]) == ({content}, Stage.ROLLED_BACK)
