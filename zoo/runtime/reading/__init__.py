"""From what a user gives to the arrays of a part."""
