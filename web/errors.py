"""What a person or a program is told when something is refused, missing or broken; never a traceback."""

from __future__ import annotations

import logging
import traceback
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from core.faults import Fault, Unusable
from core.rules import Refused
from web import words
from web.front import NotSignedIn

log = logging.getLogger("gongheng.web")
N_ = words.N_

PAGES = {
    400: (N_("This cannot be read"), N_("Something in what was sent has the wrong form.")),
    403: (N_("Not open to you"), N_("Your role does not open this page. Log in with another account if you have one.")),
    404: (N_("No such page"), N_("The address is wrong, or the page does not exist for you.")),
    405: (N_("Not possible here"), N_("This address does not take this kind of request.")),
    409: (N_("Refused"), N_("The act did not happen. Nothing was changed.")),
    413: (N_("Too large"), N_("The file is larger than this place takes.")),
    500: (N_("Our mistake"), N_("The act did not happen. The mistake was noted; please try again.")),
}


def wants_json() -> bool:
    programs = ("/api/", "/demo/", "/uploads")
    return request.path.startswith(programs) or request.accept_mimetypes.best == "application/json"


def is_access(error: Refused) -> bool:
    return all(b.rule == "ACCESS" for b in error.breaches)


def breaches_json(error: Refused) -> list[dict[str, str]]:
    """The wire form of a refusal: rule, article, action, required, found, field and the words of the catalogue."""
    return [
        {
            "rule": b.rule,
            "article": words.article(b.article),
            "action": b.action,
            "required": words.value(b.required),
            "found": words.value(b.found),
            "field": b.field,
            "text": words.breach(b),
        }
        for b in error.breaches
    ]


def answer(status: int, body: dict[str, Any], **shown: Any) -> Response:
    if wants_json():
        return make_response(jsonify(body), status)
    title, text = PAGES.get(status, PAGES[500])
    page = render_template("parts/error.html", status=status, title=gettext(title), text=gettext(text), **shown)
    return make_response(page, status)


def on_refused(error: Refused) -> Response:
    status = 403 if is_access(error) else 409
    return answer(status, {"breaches": breaches_json(error)}, breaches=error.breaches)


def on_unusable(error: Unusable) -> Response:
    text = words.unusable(str(error))
    status = 413 if "larger than" in str(error) else 400
    return answer(status, {"error": text}, detail=text)


def on_fault(error: Fault) -> Response:
    text = words.unusable(str(error))
    return answer(409, {"error": text, "breaches": []}, detail=text)


def on_http(error: HTTPException) -> Response:
    status = error.code or 500
    if 300 <= status < 400:
        return make_response(error.get_response())
    title, _ = PAGES.get(status, PAGES[500])
    return answer(status, {"error": gettext(title)})


def note(error: BaseException) -> str:
    """Only the kind of error and where it happened are noted: a message may carry sealed values. Plain words back."""
    where = "; ".join(f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:])
    log.error("%s at %s", type(error).__name__, where)
    return str(gettext(PAGES[500][0]))


def on_exception(error: Exception) -> Response:
    return answer(500, {"error": note(error)})


def on_not_signed_in(_error: NotSignedIn) -> Response:
    if wants_json() or request.method != "GET":
        return answer(403, {"error": gettext(N_("Please log in first."))})
    return make_response(redirect("/login?" + urlencode({"next": request.full_path.rstrip("?")})))


def install(app: Flask) -> None:
    app.register_error_handler(NotSignedIn, on_not_signed_in)
    app.register_error_handler(Refused, on_refused)
    app.register_error_handler(Unusable, on_unusable)
    app.register_error_handler(Fault, on_fault)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, on_exception)
