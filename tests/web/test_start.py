"""What a start refuses: a production server on a demo world, in one line that says what to set."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from core import config as settings_module
from core.faults import Unusable
from web import wiring
from web.app import create_app


def test_a_production_start_refuses_a_demo_world(world, config):
    create_app(config)
    wiring.admit(world.acts, config)
    wiring.admit(world.acts, config)
    with pytest.raises(Unusable, match="DATABASE_URL"):
        wiring.admit(world.acts, replace(config, demo=False))


def test_a_production_database_serves_production(world, config):
    create_app(config)
    wiring.admit(world.acts, replace(config, demo=False))
    wiring.admit(world.acts, replace(config, demo=False))


@pytest.mark.parametrize("missing", ["SECRET_KEY", "CA_DIR", "PUBLIC_URL", "DATABASE_URL"])
def test_a_production_start_names_what_is_not_set(missing):
    env = {"SECRET_KEY": "s" * 32, "CA_DIR": "ca", "PUBLIC_URL": "https://example.org", "DATABASE_URL": "sqlite://"}
    settings_module.read(env)
    del env[missing]
    with pytest.raises(Unusable, match=missing):
        settings_module.read(env)


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", "s" * 31), ("PUBLIC_URL", "http://example.org")])
def test_a_weak_secret_or_a_plain_address_is_as_good_as_none(name, value):
    env = {"SECRET_KEY": "s" * 32, "CA_DIR": "ca", "PUBLIC_URL": "https://example.org", "DATABASE_URL": "sqlite://"}
    with pytest.raises(Unusable, match=name):
        settings_module.read(env | {name: value})


def test_a_database_that_cannot_be_opened_ends_the_start_in_one_line(tmp_path):
    """Locked by another process or not there: the driver's words, no traceback, no statement."""
    url = f"sqlite:///{tmp_path / 'missing' / 'gongheng.db'}"
    asked = {"DEMO": "1", "DATA_DIR": str(tmp_path), "DATABASE_URL": url, "SECRET_KEY": "s" * 32, "PORT": "0"}
    command, env = [sys.executable, "-m", "web.serve"], os.environ | asked
    made = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr.splitlines()[-1] == "cannot start: unable to open database file"
    assert "Traceback" not in made.stderr


@pytest.mark.parametrize("value", ["", "yes", "-1", "10"])
def test_the_number_of_proxies_is_a_number(value):
    assert settings_module.read({"DEMO": "1", "SECRET_KEY": "s" * 32, "PROXIES": "1"}).proxies == 1
    with pytest.raises(Unusable, match="PROXIES"):
        settings_module.read({"DEMO": "1", "SECRET_KEY": "s" * 32, "PROXIES": value})
