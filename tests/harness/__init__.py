"""What the Python tests, the bench and their scripts share: a throw-away PostgreSQL,
the daemon under test, peers that speak the protocol by hand."""
