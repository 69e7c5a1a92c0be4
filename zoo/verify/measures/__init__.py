"""What is measured of an artifact, one file a measurement; nothing here knows a bound."""
