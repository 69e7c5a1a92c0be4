"""LiteRT: files opened, signatures run, weights packed once."""
