"""create_app: the one place where everything is wired."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from babel.support import Translations
from flask import Flask, g, request
from flask_babel import Babel, get_locale
from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from werkzeug.middleware.proxy_fix import ProxyFix

from accounts.proof import prove
from core import config
from core.access import Role
from core.acts import Acts, House
from core.blobs import Blobs
from core.clock import Clock
from core.db import open_engine
from core.ledger import Ledger
from core.live import Hub
from core.uploads import Uploads
from web import (
    api,
    clocks,
    errors,
    front,
    measure,
    nav,
    pages,
    rooms,
    socket,
    standard_time,
    uploads,
    wiring,
    words,
    workbench,
)  # fmt: skip

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"zh_CN": "中文", "en": "English"}
LANGUAGE_COOKIE = "gh_language"


def _language() -> str:
    """Chinese unless the reader has chosen otherwise."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "") if request else ""
    return chosen if chosen in LANGUAGES else "zh_CN"


def _speak(app: Flask) -> None:
    """Chinese by default. Babel calls zh_CN zh_Hans_CN and would look for a folder of that name."""
    babel = Babel(app, locale_selector=_language)
    chinese = Translations.load(str(ROOT / "web" / "translations"), ["zh_CN"])
    with app.app_context():
        babel.domain_instance.cache["zh_Hans_CN", "messages"] = chinese


def _tag(text: str) -> str:
    """A short stable id for a label, for aria references."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _spoken(say: Callable[[str], str]) -> Callable[[Context, str], str]:
    """A filter in the reader's language. Jinja computes a filter of a constant once for all, unless it asks for the
    context."""

    @pass_context
    def filtered(_context: Context, text: str) -> str:
        return say(text)

    return filtered


def _dress(app: Flask, settings: config.Config) -> None:
    """Everything templates may use beside their own values."""
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    spoken = {"article": words.article, "state": words.state, "role": words.role, "unit": words.unit}
    env.filters.update({name: _spoken(say) for name, say in spoken.items()} | {"moment": words.moment})
    env.filters |= {"span": words.span, "tag": _tag}
    env.globals.update(
        breach_text=words.breach,
        breach_value=words.value,
        csrf_token=front.csrf_token,
        demo=settings.demo,
        languages=LANGUAGES,
        script_words=words.for_scripts,
        upload_address=front.upload_address,
        kind_word=words.kind,
        Role=Role,
    )

    @app.context_processor
    def _page() -> dict[str, object]:
        locale = str(get_locale())
        actor = g.get("actor")
        told = standard_time.sentence()
        return {"actor": actor, "now": g.get("now"), "locale": locale, "menu": nav.menu(actor), "standard_time": told}


def _house(settings: config.Config, clock: Clock) -> Flask:
    """The rooms behind an app that has no door yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = Flask("web", template_folder=str(ROOT / "templates"), static_folder=None, root_path=str(ROOT / "web"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=api.FILE_LIMIT,
        MAX_FORM_MEMORY_SIZE=1 << 20,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "web" / "translations"),
        BABEL_DEFAULT_LOCALE="zh_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    _speak(app)
    blobs = Blobs(settings.data_dir / "blobs")
    house = House(clock, Ledger(), Hub(), blobs, settings)
    acts = Acts(open_engine(settings.database_url, mapped=True), house, open_engine(settings.database_url))
    found = rooms.modules()
    rooms.teach_words(found)
    wiring.connect(settings)
    rooms.listen(found, acts)
    workbench.gather(found)
    app.extensions["gongheng"] = front.Wired(acts, prove, settings)
    app.extensions["gongheng.uploads"] = Uploads(blobs)
    app.extensions["gongheng.meter"] = measure.Meter()
    app.extensions["gongheng.time"] = standard_time.Compared(settings.ntp_servers)
    front.install(app)
    errors.install(app)
    _dress(app, settings)
    app.register_blueprint(uploads.blueprint)
    return app


def create_app(settings: config.Config | None = None, clock: Clock | None = None) -> Flask:
    """The whole house behind one WSGI app. Unusable when a production start lacks settings.

    `clock` replaces the process clock (tests); RuntimeError when a route has no permit.
    """
    settings = settings or config.read()
    app = _house(settings, clock or clocks.make(settings))
    app.jinja_env.globals["line_address"] = front.line_address
    pages.register(app, settings)
    app.register_blueprint(api.blueprint)
    front.check_permits(app)
    socket.attach(app)
    if settings.proxies:  # outermost, so that pages and sockets see the same address
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    return app


def create_line_app(settings: config.Config, page_port: int) -> Flask:
    """The same house with lines of auctions alone, beside the process that serves pages on `page_port`."""
    app = _house(settings, clocks.follow(settings))
    app.config.update(PAGE_PORT=page_port)
    front.check_permits(app)
    app.wsgi_app = _nothing  # type: ignore[method-assign, assignment]
    socket.attach(app, socket.Part(*socket.AUCTION_LINES, page_port, settings.public_url))
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    return app


def _nothing(_environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    """Whatever is no line."""
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"lines only"]


def create_upload_app(settings: config.Config, page_port: int) -> Flask:
    """The same house with the door of uploads alone, beside the process that serves pages on `page_port`."""
    app = _house(settings, clocks.follow(settings))
    app.config.update(UPLOADS_ONLY=True, PAGE_PORT=page_port)
    front.check_permits(app)
    return app
