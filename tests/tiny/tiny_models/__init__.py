"""A plug-in of a tiny model and a tiny data set for every task, which tests take the whole way."""
