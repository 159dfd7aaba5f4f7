"""The fake Google Cloud: the official clients talk to it over gRPC and REST as to the real one.

`fake_cloud.FakeCloud` is the whole of it. Importing that costs what Google's libraries cost; import it in a
thread where something else is to go on.
"""
