"""The front door: the only room that knows all rooms."""
