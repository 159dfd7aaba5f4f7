"""The fake Google Cloud: the official clients talk to it over gRPC and REST as to the real one."""
