"""The demo world and the driver that plays a case; exists only with DEMO=1, holds keys the server never sees."""
