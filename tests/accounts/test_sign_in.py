"""Passwords, lockout, sessions: every limit a second before and after."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from accounts import passwords, rules, sign_in
from accounts.models import LoginSession
from core.access import Actor
from core.rules import Refused
from tests.accounts.cast import PASSWORD, Cast, contact, registration, rows

SECOND = timedelta(seconds=1)


@pytest.fixture
def cast(world):
    return Cast(world)


@pytest.fixture
def person(world, cast):
    """A bidder's manager with login user2 and PASSWORD."""
    answer = world.do(Actor(), "org.register", **registration(2, ["bidder"]))
    world.do(cast.centre, "org.verify", org=answer["org"], approve=True)
    assert sign_in.activate(world.acts, answer["activation"], PASSWORD) == "user2"
    return cast.actor(answer["person"])


def pass_time(world, by: timedelta) -> None:
    world.clock.moment += by


def fail(world, login="user2", rule="U-WRONG", password="wrong-password", times=1) -> Refused:
    for _ in range(times):
        with pytest.raises(Refused) as caught:
            sign_in.log_in(world.acts, login, password)
        assert caught.value.breaches[0].rule == rule
    return caught.value


def test_a_login_is_a_random_token_kept_as_hash(world, person):
    one, two = (sign_in.log_in(world.acts, " USER2 ", PASSWORD, "10.0.0.1") for _ in range(2))
    assert one.token != two.token and len(one.token) >= 43
    assert sign_in.who(world.acts, one.token, "10.0.0.1").person == person.person
    with world.read() as session:
        kept = [row.token_sha256 for row in session.query(LoginSession)]
    assert one.token not in kept and passwords.token_hash(one.token) in kept
    for token in ("", "x", kept[0]):
        assert sign_in.who(world.acts, token) is None


def test_the_password_is_argon2id_and_never_stored(world, person):
    with world.read() as session:
        stored = session.get(sign_in.Person, person.person).password_hash
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.matches("", PASSWORD)


def test_four_failures_do_not_lock_and_a_success_forgets_them(world, person):
    fail(world, times=4)
    sign_in.log_in(world.acts, "user2", PASSWORD)
    fail(world, times=4)
    sign_in.log_in(world.acts, "user2", PASSWORD)


def test_the_fifth_failure_locks_for_fifteen_minutes_to_the_second(world, person):
    fail(world, times=5)
    error = fail(world, rule="U-LOCK", password=PASSWORD)
    assert (error.breaches[0].found, error.breaches[0].article) == ("5", "电子招标投标办法 第8条")
    pass_time(world, rules.LOCK - SECOND)
    fail(world, rule="U-LOCK", password=PASSWORD)
    pass_time(world, SECOND)
    sign_in.log_in(world.acts, "user2", PASSWORD)


def test_after_a_lock_the_count_begins_anew(world, person):
    fail(world, times=5)
    pass_time(world, rules.LOCK)
    fail(world, times=5)
    fail(world, rule="U-LOCK", password=PASSWORD)


def test_attempts_while_locked_do_not_prolong_the_lock(world, person):
    fail(world, times=5)
    pass_time(world, timedelta(minutes=10))
    fail(world, rule="U-LOCK", times=3)
    pass_time(world, timedelta(minutes=5))
    sign_in.log_in(world.acts, "user2", PASSWORD)


def test_an_unknown_login_answers_and_locks_like_a_known_one(world, person):
    known = [str(fail(world)) for _ in range(5)] + [str(fail(world, rule="U-LOCK"))]
    unknown = [str(fail(world, "nobody")) for _ in range(5)] + [str(fail(world, "nobody", rule="U-LOCK"))]
    assert known == unknown


def test_tries_at_once_are_all_counted(world, person):
    results: list[str] = []

    def attempt() -> None:
        try:
            sign_in.log_in(world.acts, "user2", "wrong-password")
        except Refused as error:
            results.append(error.breaches[0].rule)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (results.count("U-WRONG"), results.count("U-LOCK")) == (5, 7)


@pytest.mark.parametrize("limit", [rules.IDLE, rules.ABSOLUTE])
def test_a_session_ends_idle_or_old(world, person, limit):
    token = sign_in.log_in(world.acts, "user2", PASSWORD).token
    if limit is rules.IDLE:
        pass_time(world, limit - SECOND)
    else:
        steps = int(limit / timedelta(hours=1))
        for _ in range(steps - 1):
            pass_time(world, timedelta(hours=1))
            assert sign_in.who(world.acts, token)
        pass_time(world, timedelta(hours=1) - SECOND)
    assert sign_in.who(world.acts, token)
    pass_time(world, limit if limit is rules.IDLE else SECOND)
    assert sign_in.who(world.acts, token) is None


def test_logging_out_ends_one_login(world, person):
    one, two = (sign_in.log_in(world.acts, "user2", PASSWORD).token for _ in range(2))
    sign_in.log_out(world.acts, one)
    sign_in.log_out(world.acts, "unknown")
    assert sign_in.who(world.acts, one) is None and sign_in.who(world.acts, two)


def test_disabling_and_resetting_end_every_login(world, cast, person):
    clerk = world.do(person, "person.add", **contact(20, roles=["bidder"]))
    sign_in.activate(world.acts, clerk["activation"], PASSWORD)
    token = sign_in.log_in(world.acts, "user20", PASSWORD).token
    code = world.do(person, "person.reset", person=clerk["person"], reason="忘记密码")["activation"]
    assert sign_in.who(world.acts, token) is None
    fail(world, "user20", password=PASSWORD)
    sign_in.activate(world.acts, code, "another-Passw0rd")
    token = sign_in.log_in(world.acts, "user20", "another-Passw0rd").token
    world.do(person, "person.disable", person=clerk["person"], reason="离职")
    assert sign_in.who(world.acts, token) is None
    fail(world, "user20", password="another-Passw0rd")


def test_an_activation_code_works_once_and_for_seven_days(world, person):
    codes = [world.do(person, "person.add", **contact(n, roles=["bidder"]))["activation"] for n in (20, 21)]
    sign_in.activate(world.acts, codes[0], PASSWORD)
    before = rows(world)
    for code in (codes[0], "", "guess"):
        with pytest.raises(Refused):
            sign_in.activate(world.acts, code, PASSWORD)
    pass_time(world, rules.ACTIVATION_LIFE)
    with pytest.raises(Refused):
        sign_in.activate(world.acts, codes[1], PASSWORD)
    assert rows(world) == before
    pass_time(world, -SECOND)
    sign_in.activate(world.acts, codes[1], PASSWORD)


def test_changing_the_password_needs_the_old_one_and_ends_other_logins(world, person):
    here, there = (sign_in.log_in(world.acts, "user2", PASSWORD).token for _ in range(2))
    for old, new, rule in (
        ("wrong-password", "another-Passw0rd", "U-WRONG"),
        (PASSWORD, "short-Pw1", "U-PASSWORD"),
        (PASSWORD, "my-user2-password", "U-PASSWORD"),
        (PASSWORD, "aaaaaaaaaaab", "U-PASSWORD"),
    ):
        with pytest.raises(Refused) as caught:
            sign_in.change_password(world.acts, person, old, new, here)
        assert caught.value.breaches[0].rule == rule
    sign_in.change_password(world.acts, person, PASSWORD, "exactly-10", here)
    assert sign_in.who(world.acts, here) and sign_in.who(world.acts, there) is None
    fail(world, password=PASSWORD)
    sign_in.log_in(world.acts, "user2", "exactly-10")
    with pytest.raises(Refused):
        sign_in.change_password(world.acts, Actor(), PASSWORD, "another-Passw0rd")


def test_guessing_the_old_password_locks_too(world, person):
    for _ in range(5):
        with pytest.raises(Refused):
            sign_in.change_password(world.acts, person, "wrong-password", "another-Passw0rd")
    fail(world, rule="U-LOCK", password=PASSWORD)


def test_a_moved_demo_clock_carries_sessions_along(world, person):
    token = sign_in.log_in(world.acts, "user2", PASSWORD).token
    pass_time(world, timedelta(days=20))
    assert sign_in.who(world.acts, token) is None
    world.acts.act(sign_in.carry_sessions, person, timedelta(days=20))
    assert sign_in.who(world.acts, token)


@pytest.mark.certify("A-05", "A-09")
def test_a_suspended_organisation_logs_in_without_its_roles(world, cast, person):
    token = sign_in.log_in(world.acts, "user2", PASSWORD).token
    world.do(cast.centre, "org.suspend", org=person.org, reason="处罚")
    assert sign_in.who(world.acts, token).roles == frozenset()
