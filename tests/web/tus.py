"""A tus client over Flask's test client, as plain as the protocol."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

BODY = "application/offset+octet-stream"


def told(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


@dataclass
class Tus:
    """`answer` is what came last."""

    client: FlaskClient
    where: str = ""
    version: str = "1.0.0"

    def say(self, method: str, where: str = "", data: bytes | None = None, **headers: Any) -> Any:
        sent = {"Tus-Resumable": self.version} | {key.replace("_", "-"): str(value) for key, value in headers.items()}
        return self.client.open(where or self.where, method=method, data=data, headers=sent)

    def create(self, size: int, data: bytes | None = None, headers: dict[str, str] | None = None, **meta: str) -> Any:
        more: dict[str, Any] = dict(headers or {}) | {"Upload-Length": size}
        if meta:
            more["Upload-Metadata"] = told(**meta)
        if data is not None:
            more["Content-Type"] = BODY
        answer = self.say("POST", "/uploads", data, **more)
        self.where = answer.headers.get("Location", self.where)
        return answer

    def patch(self, offset: int, data: bytes, **headers: Any) -> Any:
        return self.say("PATCH", "", data, **({"Content_Type": BODY, "Upload_Offset": offset} | headers))

    def head(self) -> Any:
        return self.say("HEAD")
