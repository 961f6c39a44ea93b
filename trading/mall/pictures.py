"""Pictures of items: uploaded like any file, then drawn anew, so that what is shown is a picture and nothing else.

Neither a place where it was taken nor any other note of a camera stays in it, nor bytes behind its end.
"""

from __future__ import annotations

import io
import warnings
from datetime import datetime

from PIL import Image, ImageOps
from sqlalchemy.orm import Session

from core import staged
from core.access import Actor, Role
from core.acts import Acts, Tx
from core.faults import Unusable
from core.rules import refuse_if
from trading.mall import rules
from trading.mall.models import Picture

LARGEST_EDGE = 1600
# A picture of more dots than this is a bomb, not a photograph of goods.
MOST_DOTS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
MEDIA = "image/jpeg"


def _drawn(data: bytes, now: datetime) -> tuple[bytes, int, int]:
    """The picture as JPEG with its longer edge of at most 1600 dots; Refused for what may not be shown."""
    book = rules.book_at(now)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a bomb
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                refuse_if(rules.picture_fits(opened.format or "", len(data), *opened.size, book))
                if opened.width * opened.height > MOST_DOTS:
                    raise Unusable("picture: too many dots")
                picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Warning) as error:  # each decoder has its own way to say it
        if isinstance(error, Unusable):
            raise
        raise Unusable("picture: cannot be read") from None
    picture.thumbnail((LARGEST_EDGE, LARGEST_EDGE))
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=85)
    return out.getvalue(), *ground.size


def take(acts: Acts, actor: Actor, sha256: str) -> str:
    """The uploaded file `sha256` as a picture: the SHA-256 of the one made of it. Reading, drawing and storing stand
    outside the transaction."""

    def mine(tx: Tx) -> None:
        tx.actor.require(Role.BIDDER)
        if not staged.brought(tx, sha256):
            raise Unusable("file: upload the file first")

    acts.act(mine, actor)
    house = acts.house
    now = house.clock.now()
    path = house.blobs.path(sha256)
    most = rules.book_at(now)["PICTURE-SIZE"].number * rules.MB
    if (size := path.stat().st_size) > most:
        refuse_if(rules.picture_fits("PNG", size, most, most, rules.book_at(now)))
    data, width, height = _drawn(path.read_bytes(), now)
    blob = house.blobs.put(data)

    def keep(tx: Tx) -> str:
        made = Picture(sha256=blob.sha256, org_id=actor.org, size=blob.size, width=width, height=height, at=tx.now)
        tx.session.merge(made)
        return blob.sha256

    return acts.act(keep, actor)


def known(session: Session, sha256: str) -> bool:
    """Whether the digest is a picture of items: only such are shown by their digest."""
    return session.query(Picture.sha256).filter(Picture.sha256 == sha256).first() is not None
