"""What a store knows of notices to owners; part of :class:`tests.store.contract.StoreContract`."""

from __future__ import annotations

from dataclasses import replace

from ddns.model.account import Account, Host
from ddns.model.leases import DAY
from ddns.model.notices import HostWord, Kind, Mark, Notice, Target, Terms, Way
from ddns.store.interfaces import ITransaction
from tests.store.sqlite.blocking import HOME, ORIGIN, Blocking, address, fill, put

NONE = frozenset[Kind]()
FAMILY = frozenset({Kind.FAMILY})


def notice(number: int = 0, host: bytes | None = HOME, **more: object) -> Notice:
    made = Notice(number, "alice", host, Kind.CHANGED, {"n": 1}, 1000.0, Way.MAIL, due=2000.0)
    return replace(made, **more)  # type: ignore[arg-type]


def target(number: int = 0, host: bytes | None = None) -> Target:
    return Target(number, "alice", host, Way.WEBHOOK, "hooks.example", b"sealed", 1000.0)


class NoticesContract:
    """See the module."""

    def test_terms_read_back(self, store: Blocking) -> None:
        store.commit(fill)
        of_all = Terms("alice", None, FAMILY, NONE, 3)
        of_host = Terms("alice", HOME, None, frozenset(Kind), None)
        for terms in (of_host, of_all):
            store.commit(lambda t, terms=terms: t.put_notice_terms(terms, 1000.0))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.notice_terms("alice")) == of_all
            assert read(lambda r: r.notice_terms("alice", HOME)) == of_host
            assert read(lambda r: r.notice_terms("bob")) is None
            assert read(lambda r: r.all_notice_terms("alice")) == [of_all, of_host]
        store.commit(lambda t: t.put_notice_terms(Terms("alice", HOME), 1000.0))
        assert store.read(lambda r: r.all_notice_terms("alice")) == [of_all]

    def test_targets_read_back(self, store: Blocking) -> None:
        store.commit(fill)
        one = store.commit(lambda t: t.add_notice_target(target())).value
        other = store.commit(lambda t: t.add_notice_target(target(host=HOME))).value
        assert store.read(lambda r: r.notice_targets("alice")) == [one, other]
        assert store.read(lambda r: r.notice_target(other.id)) == other
        assert store.read(lambda r: r.any_sealed_secret()) == b"sealed"
        store.commit(lambda t: t.note_notice_target(one.id, 5.0, "why", 2))
        store.commit(lambda t: t.note_notice_target(one.id, None, "why", 1))
        noted = replace(one, problem="why", given_up=3)
        assert store.read(lambda r: r.notice_target(one.id)) == noted
        waiting = notice(way=Way.WEBHOOK, target=one.id)
        store.commit(lambda t: (t.add_notice(waiting), t.remove_notice_target(one.id, 9.0)))
        assert store.read(lambda r: r.notice_targets("alice")) == [other]
        assert store.read(lambda r: r.notices("alice")) == []
        store.commit(
            lambda t: (t.remove_notice_target(77, 9.0), t.note_notice_target(77, 1, "", 1))
        )

    def test_notices_wait_in_lanes(self, store: Blocking) -> None:
        store.commit(fill)
        made = store.commit(lambda t: t.add_notice_target(target())).value
        hook = notice(way=Way.WEBHOOK, target=made.id, due=1500.0)
        store.commit(lambda t: [t.add_notice(one) for one in (notice(), hook, notice(host=None))])
        found = store.read(lambda r: r.notices("alice"))
        assert found == [notice(1), replace(hook, id=2), notice(3, host=None)]
        assert [one.lane for one in found] == ["alice", str(made.id), "alice"]

        def due(way: Way, now: float, *but: str) -> list[int]:
            return [one.id for one in store.read(lambda r: r.due_notices(way, now, but, 9))]

        assert due(Way.MAIL, 1999.0) == []
        assert due(Way.MAIL, 2000.0) == [1, 3]
        assert due(Way.MAIL, 2000.0, "alice") == []
        assert due(Way.WEBHOOK, 2000.0, "alice") == [2]
        assert due(Way.WEBHOOK, 2000.0, str(made.id)) == []
        assert len(store.read(lambda r: r.due_notices(Way.MAIL, 2000.0, (), 1))) == 1

        def following(**but: list[str]) -> float | None:
            lanes = {Way(way): some for way, some in but.items()}
            return store.read(lambda r: r.next_notice(lanes))

        assert following(mail=[], webhook=[]) == 1500.0
        assert following(mail=[], webhook=[str(made.id)]) == 2000.0
        assert following(mail=["alice"], apprise=[]) is None
        assert following() is None
        counts = store.read(lambda r: r.count_notices())
        assert counts == {Way.MAIL: 2, Way.WEBHOOK: 1, Way.APPRISE: 0}

    def test_what_fails_holds_up_its_lane(self, store: Blocking) -> None:
        store.commit(fill)
        made = store.commit(lambda t: t.add_notice_target(target())).value
        hook = notice(way=Way.WEBHOOK, target=made.id)
        store.commit(lambda t: [t.add_notice(one) for one in (notice(), hook, hook)])
        failed = replace(hook, id=2, attempts=4, due=9000.0)
        store.commit(lambda t: t.put_off_notices(failed))
        store.commit(lambda t: t.add_notice(replace(hook, due=2500.0)))
        found = [(one.attempts, one.due) for one in store.read(lambda r: r.notices("alice"))]
        assert found == [(0, 2000.0), (4, 9000.0), (4, 9000.0), (4, 9000.0)]
        store.commit(lambda t: t.add_notice(notice()))
        assert store.read(lambda r: r.notices("alice"))[-1] == notice(5)

    def test_notices_that_are_not_due_can_be_changed(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: [t.add_notice(one) for one in (notice(), notice(due=1.0))])
        find = lambda t: t.waiting_notices("alice", HOME, Kind.CHANGED, 1999.0)  # noqa: E731
        assert [one.id for one in store.commit(find).value] == [1]
        assert store.commit(lambda t: t.waiting_notices("alice", None, Kind.CHANGED, 0)).value == []
        changed = notice(1, details={"n": 2}, attempts=1, due=3000.0)
        store.commit(lambda t: (t.change_notice(1, changed), t.change_notice(2, None)))
        assert store.read(lambda r: r.notices("alice")) == [changed]
        store.commit(lambda t: (t.change_notice(2, changed), t.change_notice(9, None)))
        assert store.read(lambda r: r.notices("alice")) == [changed]

    def test_marks(self, store: Blocking) -> None:
        store.commit(fill)
        marks = {(HOME, ""): Mark(10.0, 3, 1), (None, ""): Mark(20.0, 2), (HOME, "x"): Mark(30.0)}
        for (host, what), mark in marks.items():
            work = lambda t, h=host, w=what, m=mark: t.put_notice_mark("alice", h, w, m)  # noqa: E731
            store.commit(work)
        for (host, what), mark in marks.items():
            find = lambda r, h=host, w=what: r.notice_mark("alice", h, w)  # noqa: E731
            assert store.read(find) == mark
        assert store.read(lambda r: r.notice_mark("bob", None, "")) is None
        assert store.commit(lambda t: t.held_notices(9.0, 9)).value == []
        held = store.commit(lambda t: t.held_notices(10.0, 9)).value
        assert held == [("alice", HOME, Mark(10.0, 3, 1))]
        store.commit(lambda t: t.forget_notice_marks(20.0))
        assert store.read(lambda r: r.notice_mark("alice", None, "")) is None
        assert store.read(lambda r: r.notice_mark("alice", HOME, "")) == Mark(10.0, 3, 1)
        assert store.read(lambda r: r.notice_mark("alice", HOME, "x")) == Mark(30.0)

    def test_words_are_waited_for_where_somebody_wants_it(self, store: Blocking) -> None:
        def word() -> HostWord | None:
            return store.read(lambda r: r.host_word(HOME))

        def terms(*given: object, host: bytes | None = None, now: float = 1000.0) -> None:
            made = Terms("alice", host, *given)  # type: ignore[arg-type]
            store.commit(lambda t: t.put_notice_terms(made, now))

        store.commit(fill)
        assert word() is None
        terms(FAMILY)
        assert word() == HostWord(1000.0)
        terms(frozenset({Kind.SILENT}), None, 2)
        assert word() == HostWord(1000.0, 2, silent_at=1000.0 + 2 * DAY)
        said = HostWord(1000.0, 2, 5000.0, None, None, 28)
        store.commit(lambda t: t.put_host_word(HOME, said))
        terms(frozenset({Kind.SILENT}), None, 2)
        assert word() == said
        terms(None, None, 3, host=HOME)
        assert word() == said._replace(days=3, silent_at=5000.0 + 3 * DAY)
        terms(NONE, host=HOME)
        assert word() is None
        store.commit(lambda t: t.put_host_word(HOME, said))
        assert word() is None
        # Webhooks are told all, if nothing else is said.
        terms(NONE)
        terms(host=HOME)
        made = store.commit(lambda t: t.add_notice_target(target(host=HOME))).value
        assert word() == HostWord(1000.0)
        store.commit(lambda t: t.remove_notice_target(made.id, 1.0))
        assert word() is None

    def test_silent_hosts(self, store: Blocking) -> None:
        store.commit(fill)
        silent = Terms("alice", None, frozenset({Kind.SILENT}), None, 1)
        store.commit(lambda t: t.put_notice_terms(silent, 0.0))
        assert store.commit(lambda t: t.silent_hosts(DAY - 1, 9)).value == []
        assert store.commit(lambda t: t.silent_hosts(DAY, 9)).value == [HOME]
        later = b"\x05later" + ORIGIN
        store.commit(lambda t: t.put_host(Host(later, ORIGIN, "alice", 60, 7.0)))
        assert store.read(lambda r: r.host_word(later)) == HostWord(
            1000.5, 1, silent_at=1000.5 + DAY
        )

    def test_whose_changes_are_told(self, store: Blocking) -> None:
        def told() -> set[bytes]:
            return store.read(lambda r: r.tells_changes([HOME, ORIGIN]))

        store.commit(fill)
        assert told() == set()
        changed = Terms("alice", None, frozenset({Kind.CHANGED}))
        store.commit(lambda t: t.put_notice_terms(changed, 0.0))
        assert told() == {HOME}
        store.commit(lambda t: t.put_notice_terms(Terms("alice", HOME, NONE), 0.0))
        assert told() == set()
        store.commit(lambda t: t.add_notice_target(target()))
        assert told() == {HOME}

    def test_all_of_it_goes_with_host_and_account(self, store: Blocking) -> None:
        def work(t: ITransaction) -> None:
            for host in (HOME, None):
                t.put_notice_terms(Terms("alice", host, FAMILY), 0.0)
                t.add_notice_target(target(host=host))
                t.add_notice(notice(host=host))
                t.put_notice_mark("alice", host, "", Mark(1.0))

        def left() -> tuple[int, ...]:
            return store.read(
                lambda r: (
                    len(r.all_notice_terms("alice")),
                    len(r.notice_targets("alice")),
                    len(r.notices("alice")),
                    sum(r.notice_mark("alice", host, "") is not None for host in (HOME, None)),
                    int(r.host_word(HOME) is not None),
                )
            )

        store.commit(fill)
        store.commit(work)
        assert left() == (2, 2, 2, 2, 1)
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "bob", 60)))
        assert left() == (1, 1, 1, 1, 0)
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "alice", 60)))
        store.commit(work)
        store.commit(lambda t: t.remove_host(HOME))
        assert left()[0] == 1
        assert left()[3:] == (1, 0)
        store.commit(lambda t: t.remove_account("alice"))
        store.commit(lambda t: t.put_account(Account("alice")))
        assert left() == (0, 0, 0, 0, 0)

    def test_readers_of_the_journal(self, store: Blocking) -> None:
        store.commit(fill)
        end = store.store.stats().position
        assert store.read(lambda r: r.journal_position("somebody")) == end
        store.commit(lambda t: t.put_journal_position("somebody", 3))
        store.commit(put(address()))
        assert store.read(lambda r: r.journal_position("somebody")) == 3
        assert store.read(lambda r: r.journal_position("another")) == end + 1

    def test_operators(self, store: Blocking) -> None:
        store.commit(fill)
        assert store.read(lambda r: r.operator_accounts()) == []
        store.commit(lambda t: t.put_account(Account("olga", operator=True)))
        assert store.read(lambda r: r.operator_accounts()) == ["olga"]

    def test_a_clock_that_was_ahead(self, store: Blocking) -> None:
        store.commit(fill)
        silent = Terms("alice", None, frozenset({Kind.SILENT}), None, 1)
        store.commit(lambda t: t.put_notice_terms(silent, 9e8))
        ahead = notice(created=9e8, due=9e8)
        store.commit(lambda t: [t.add_notice(one) for one in (ahead, notice())])
        store.commit(lambda t: t.put_notice_mark("alice", None, "", Mark(9e8, 9)))
        store.commit(lambda t: t.limit_notices(5000.0))
        found = [(one.created, one.due) for one in store.read(lambda r: r.notices("alice"))]
        assert found == [(5000.0, 5000.0), (1000.0, 2000.0)]
        assert store.read(lambda r: r.notice_mark("alice", None, "")) == Mark(5000.0, 9)
        assert store.read(lambda r: r.host_word(HOME)) == HostWord(5000.0, 1, silent_at=5000 + DAY)
