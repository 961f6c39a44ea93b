"""Templates of the opening record 开标记录模板: kept by each centre, versioned, named in every record."""
