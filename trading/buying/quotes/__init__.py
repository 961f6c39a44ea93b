"""比价 and 询价: a request, quotes sealed until its end, the comparison, the selection."""
