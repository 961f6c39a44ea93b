"""Framework agreements 框架协议: solicitation, sealed responses, review, entry and exit, and purchases under them."""
