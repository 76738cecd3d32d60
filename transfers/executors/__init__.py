"""The executors: one function for each kind of transfer, which a worker calls."""
