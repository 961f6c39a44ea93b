"""What a buyer keeps for itself: favourites, and what it looked at last. Notes of its own: the ledger is silent."""
