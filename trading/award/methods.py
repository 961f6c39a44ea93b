"""定标方法: the words of the tender file and of every paper after it."""

from __future__ import annotations

METHODS = {
    "majority": "票决法(直接票决，过半数)",
    "plurality": "票决法(直接票决，得票最多)",
    "elimination": "票决法(逐轮淘汰)",
    "points": "票决法(排序计分)",
    "lowest_price": "价格竞争法(最低价)",
    "nearest_below_mean": "价格竞争法(次低于平均价)",
    "lottery": "票决抽签法",
}
