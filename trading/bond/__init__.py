"""Bid bonds (投标保证金): lodged, paid, checked, returned with interest or kept; secret until the hall opens."""
