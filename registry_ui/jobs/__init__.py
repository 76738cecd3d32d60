"""Background jobs: rows in the database, ids in RQ queues. Transfers and index runs use them."""
