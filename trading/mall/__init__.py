"""The e-mall's goods: categories, items, listing, prices and looking for them."""
