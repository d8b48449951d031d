"""The only place that speaks to AWS: configuration, keys, tables, queues, secrets and the log."""
