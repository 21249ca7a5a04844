"""The benchmark of the rules: a company of any size, and other ways to find the same."""
