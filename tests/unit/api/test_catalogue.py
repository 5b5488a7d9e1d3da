"""What a reader is answered, with a shelf and a TheTVDB in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from producers.api.catalogue import Answer, Catalogue, NoSuchEntity, NothingToAnswer, Patience
from producers.api.database import DatabaseAway
from producers.api.live import Document
from shared.catalog.screen.records import EntityType
from shared.catalog.screen.rules import Counts
from shared.contracts.kinds import CONTRACTS
from shared.contracts.screen import SaveSeries
from shared.errors import MillraceError, MissingSetting, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from tests.unit.api.fakes import MemoryShelf, MemoryTvdb, copy_of

pytestmark = pytest.mark.anyio

NAME = "series:81189"
AGES: dict[EntityType, timedelta] = {
    "series": timedelta(days=7),
    "movie": timedelta(days=7),
    "person": timedelta(days=14),
}


@pytest.fixture
def shelf() -> MemoryShelf:
    return MemoryShelf()


@pytest.fixture
def tvdb() -> MemoryTvdb:
    tvdb = MemoryTvdb({NAME: Document(b"live")})
    tvdb.gate.set()
    return tvdb


@pytest.fixture
def catalogue(shelf: MemoryShelf, tvdb: MemoryTvdb) -> Catalogue:
    return another(shelf, tvdb)


def another(shelf: MemoryShelf, tvdb: MemoryTvdb, patience: Patience = Patience()) -> Catalogue:  # noqa: B008 - frozen
    """Return the catalogue of one process."""
    return Catalogue(shelf, tvdb, AGES, patience)


async def read(catalogue: Catalogue, *known: str) -> Answer:
    return await catalogue.read("series", 81189, known)


async def test_a_fresh_copy_is_the_answer_and_thetvdb_is_not_asked(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.copies[NAME] = copy_of("stored", days=6.9)
    answer = await read(catalogue)
    assert (answer.source, answer.body, answer.version, answer.stale) == (
        "database",
        b"stored",
        "version-of-stored",
        None,
    )
    assert not tvdb.asked
    assert not shelf.asked


async def test_what_is_missing_is_fetched_and_its_save_is_urgent(catalogue: Catalogue, shelf: MemoryShelf) -> None:
    answer = await read(catalogue)
    assert (answer.source, answer.body, answer.version, answer.stale) == ("tvdb", b"live", None, None)
    (save,) = shelf.asked
    assert CONTRACTS.read(save.kind, save.schema, save.body) == SaveSeries(tvdb_id=81189)
    assert (save.priority, save.app_id) == (9, "api")


async def test_what_is_stale_is_fetched_and_its_save_is_not_urgent(catalogue: Catalogue, shelf: MemoryShelf) -> None:
    shelf.copies[NAME] = copy_of("old", days=7.1)
    answer = await read(catalogue)
    assert (answer.source, answer.body, answer.stale) == ("tvdb", b"live", None)
    assert [save.priority for save in shelf.asked] == [5]


async def test_people_stay_fresh_twice_as_long(catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb) -> None:
    shelf.copies["person:7"] = copy_of("stored", days=13.9)
    assert (await catalogue.read("person", 7)).source == "database"
    assert not tvdb.asked


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamAway("tvdb", "503"),
        UpstreamRefused("tvdb", 401, "key"),
        UnreadableAnswer("tvdb", "not JSON"),
        MissingSetting("TVDB_API_KEY", "none"),
    ],
)
async def test_the_stale_copy_is_better_than_nothing(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb, failure: MillraceError
) -> None:
    shelf.copies[NAME] = copy_of("old", days=30)
    tvdb.entities[NAME] = failure
    answer = await read(catalogue)
    assert (answer.source, answer.body, answer.stale) == ("database", b"old", "upstream-away")
    assert not shelf.asked


async def test_after_a_failure_the_next_reader_tries_again(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.copies[NAME] = copy_of("old", days=30)
    tvdb.entities[NAME] = UpstreamAway("tvdb", "503")
    await read(catalogue)
    tvdb.entities[NAME] = Document(b"live again")
    assert (await read(catalogue)).body == b"live again"


async def test_nothing_stored_and_thetvdb_away_is_an_error_that_says_when_to_come_back(
    catalogue: Catalogue, tvdb: MemoryTvdb
) -> None:
    tvdb.entities[NAME] = UpstreamAway("tvdb", "503", retry_after=17)
    with pytest.raises(NothingToAnswer) as caught:
        await read(catalogue)
    assert caught.value.retry_after == 17


async def test_what_thetvdb_does_not_have_is_not_there_and_no_save_is_asked_for(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    tvdb.entities[NAME] = UpstreamGone("tvdb", "series 81189")
    for _ in range(3):
        with pytest.raises(NoSuchEntity) as caught:
            await read(catalogue)
        assert caught.value.gone_at is None
    assert not shelf.asked
    assert tvdb.asked[NAME] == 1


async def test_a_stored_copy_that_thetvdb_no_longer_has_is_gone_and_a_worker_is_asked_to_note_it(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.copies[NAME] = copy_of("old", days=30)
    tvdb.entities[NAME] = UpstreamGone("tvdb", "series 81189")
    with pytest.raises(NoSuchEntity) as caught:
        await read(catalogue)
    assert caught.value.gone_at is not None
    assert len(shelf.asked) == 1


async def test_what_is_noted_as_gone_is_gone_without_asking(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.copies[NAME] = copy_of("old", days=1, gone=True)
    with pytest.raises(NoSuchEntity) as caught:
        await read(catalogue)
    assert caught.value.gone_at is not None
    assert not tvdb.asked


async def test_what_was_gone_long_ago_may_have_come_back(catalogue: Catalogue, shelf: MemoryShelf) -> None:
    shelf.copies[NAME] = copy_of("old", days=30, gone=True)
    assert (await read(catalogue)).body == b"live"


async def test_half_an_answer_is_no_better_than_none(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.copies[NAME] = copy_of("old", days=30, counts=Counts(5, 62, 100))
    tvdb.entities[NAME] = Document(b"half", Counts(1, 7, 100))
    answer = await read(catalogue)
    assert (answer.body, answer.stale) == (b"old", "upstream-away")
    assert not shelf.asked


async def test_a_hundred_readers_at_once_ask_thetvdb_once_and_for_one_save(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    tvdb.gate.clear()
    readers = [asyncio.create_task(read(catalogue)) for _ in range(100)]
    await until(lambda: tvdb.under_way[NAME] == 1)
    tvdb.gate.set()
    assert {answer.body for answer in await asyncio.gather(*readers)} == {b"live"}
    assert tvdb.asked[NAME] == 1
    assert len(shelf.asked) == 1


async def test_a_reader_who_leaves_does_not_end_the_refresh_of_the_others(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    tvdb.gate.clear()
    first = asyncio.create_task(read(catalogue))
    await until(lambda: tvdb.under_way[NAME] == 1)
    second = asyncio.create_task(read(catalogue))
    first.cancel()
    await asyncio.wait([first])
    tvdb.gate.set()
    assert (await second).body == b"live"
    assert tvdb.asked[NAME] == 1
    assert len(shelf.asked) == 1


async def test_of_two_processes_with_nothing_stored_one_asks_and_the_other_hears_of_it(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    tvdb.gate.clear()
    readers = [asyncio.create_task(read(process)) for process in (catalogue, another(shelf, tvdb)) for _ in range(50)]
    await until(lambda: tvdb.under_way[NAME] == 1)
    tvdb.gate.set()
    assert {answer.body for answer in await asyncio.gather(*readers)} == {b"live"}
    assert tvdb.asked[NAME] == 1
    assert len(shelf.asked) == 1


async def test_of_two_processes_with_a_stale_copy_the_other_answers_with_it_at_once(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.copies[NAME] = copy_of("old", days=30)
    tvdb.gate.clear()
    asking = asyncio.create_task(read(catalogue))
    await until(lambda: tvdb.under_way[NAME] == 1)
    answer = await read(another(shelf, tvdb))
    assert (answer.body, answer.stale) == (b"old", "refresh-under-way")
    tvdb.gate.set()
    assert (await asking).body == b"live"
    assert len(shelf.asked) == 1


async def test_while_the_save_is_on_its_way_the_answer_that_led_to_it_stands(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.copies[NAME] = copy_of("old", days=30)
    first = await read(catalogue)
    tvdb.entities[NAME] = UpstreamAway("tvdb", "503")
    second = await read(another(shelf, tvdb))
    assert (second.body, second.source, second.synced_at) == (b"live", "tvdb", first.synced_at)


async def test_what_was_saved_while_waiting_for_the_lease_is_answered_without_asking(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    await shelf.take(NAME, "somebody else")
    reader = asyncio.create_task(read(catalogue))
    await until(lambda: shelf.reads == 1)
    shelf.copies[NAME] = copy_of("saved")
    answer = await reader
    assert (answer.source, answer.body) == ("database", b"saved")
    assert not tvdb.asked


async def test_the_lease_of_a_process_that_died_passes_to_whoever_waits(
    catalogue: Catalogue, shelf: MemoryShelf
) -> None:
    await shelf.take(NAME, "somebody who died")
    reader = asyncio.create_task(read(catalogue))
    await until(lambda: shelf.reads == 1)
    await shelf.lapse(NAME)
    assert (await reader).body == b"live"


async def test_a_reader_with_a_copy_does_not_wait_long_and_the_refresh_goes_on(
    shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    catalogue = another(shelf, tvdb, Patience(with_copy=0.05))
    shelf.copies[NAME] = copy_of("old", days=30)
    tvdb.gate.clear()
    answer = await read(catalogue)
    assert (answer.body, answer.stale) == (b"old", "upstream-away")
    tvdb.gate.set()
    await until(lambda: len(shelf.asked) == 1)
    assert (await read(catalogue)).body == b"live"


async def test_closing_gives_the_lease_back(catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb) -> None:
    tvdb.gate.clear()
    reader = asyncio.create_task(read(catalogue))
    await until(lambda: tvdb.under_way[NAME] == 1)
    await catalogue.close()
    await asyncio.wait([reader])
    assert not shelf.leases[NAME].held


async def test_without_a_database_there_is_no_answer(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    shelf.away = True
    with pytest.raises(DatabaseAway):
        await read(catalogue)
    assert not tvdb.asked


async def test_an_answer_that_arrives_when_the_database_has_gone_is_not_wasted(
    catalogue: Catalogue, shelf: MemoryShelf, tvdb: MemoryTvdb
) -> None:
    tvdb.gate.clear()
    reader = asyncio.create_task(read(catalogue))
    await until(lambda: tvdb.under_way[NAME] == 1)
    shelf.away = True
    tvdb.gate.set()
    assert (await reader).body == b"live"


async def test_a_body_is_read_once_and_sent_for_as_long_as_its_version_stands(
    catalogue: Catalogue, shelf: MemoryShelf
) -> None:
    shelf.copies[NAME] = copy_of("one")
    assert (await read(catalogue)).body == b"one"
    assert (await read(catalogue)).body == b"one"
    shelf.copies[NAME] = copy_of("two")
    assert (await read(catalogue)).body == b"two"


async def test_who_knows_the_version_gets_no_body(catalogue: Catalogue, shelf: MemoryShelf) -> None:
    shelf.copies[NAME] = copy_of("one")
    for _ in range(2):
        answer = await read(catalogue, "version-of-one", "another")
        assert (answer.body, answer.version) == (None, "version-of-one")
        assert (await read(catalogue, "another")).body == b"one"


async def until(holds: Callable[[], bool]) -> None:
    """Wait, two seconds at most, until a condition holds."""
    async with asyncio.timeout(2):
        while not holds():  # noqa: ASYNC110 - a condition of anything
            await asyncio.sleep(0.001)
