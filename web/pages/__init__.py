"""HTML pages by audience. Thin: a page asks a room's queries and offers its acts; rules are asked inside the acts.

A module here holds one Blueprint named `blueprint` and, where it has menu rows, LINKS; it is found by being here.
"""

from __future__ import annotations

import importlib
import pkgutil

from flask import Flask

from core.config import Config
from web import nav


def register(app: Flask, settings: Config) -> None:
    """Every module's blueprint and menu rows. A module with DEMO_ONLY exists only in the demo."""
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if getattr(module, "DEMO_ONLY", False) and not settings.demo:
            continue
        app.register_blueprint(module.blueprint)
        nav.offer(getattr(module, "LINKS", ()))
