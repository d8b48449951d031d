"""DynamoDB, SQS, S3 and KMS on this machine, in a process and a virtualenv of their own.

`process` is the server's side; `launcher`, `recorder` and `speed` run inside the engine's virtualenv and wrap private
functions of ministack, which is therefore pinned exactly; `journal` is plain files and knows nothing of either, and so
are `files` and `signature`, which are all there is of S3, and `keys`, which is all there is of KMS.
"""
