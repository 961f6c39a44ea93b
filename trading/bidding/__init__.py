"""Downloads and sealed bids; hidden until the opening."""
