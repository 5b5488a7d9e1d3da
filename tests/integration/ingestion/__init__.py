"""Every ingestion there is, with upstreams that are cut in the middle."""
