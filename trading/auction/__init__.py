"""Live reverse auctions: published, bid down in the open under masks, closed by a healthy clock, confirmed, ordered."""
