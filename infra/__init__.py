"""The installation on AWS: the template around what Chalice generates, its packaging, and the few things done by hand."""
