"""Suppliers of the mall: an organisation's entry, its categories, credit points, suspension and removal."""
