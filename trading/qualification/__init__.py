"""Who of the bidders is qualified: examined after the opening by the tenderer or its agency (87号令 art. 44)."""
