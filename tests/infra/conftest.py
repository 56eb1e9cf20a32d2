"""One system, deployed by `make up` as a user would, that the tests of the infrastructure look at."""
