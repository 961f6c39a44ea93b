"""Contradicting figures of a bid, corrected by the committee and confirmed by the bidder (87号令 art. 59)."""
