"""Orders of the e-mall and of framework agreements, whatever way of buying led to them."""
