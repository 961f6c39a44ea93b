"""The room story of a government procurement tender, and which story a case file is played by."""

from __future__ import annotations

from trading.procedures.open_goods.story import GoodsStory
from web.demo.room_story import RoomStory


class GoodsRoom(GoodsStory, RoomStory):
    pass


def story_of(procedure: str) -> type[RoomStory]:
    return GoodsRoom if procedure == "open-goods" else RoomStory
