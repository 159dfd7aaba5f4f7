"""The fake Google Cloud: the official clients talk to it over gRPC and REST as to the real one.

Importing it costs what Google's libraries cost; import it in a thread where something else is to go on.
"""

from sandbox.cloud.calls import Caller
from sandbox.cloud.errors import CloudError
from sandbox.cloud.fake_cloud import FakeCloud
from sandbox.cloud.jobs import JobRun
from sandbox.cloud.processes import run_process
from sandbox.cloud.resources import BucketObject, Resources

__all__ = ["BucketObject", "Caller", "CloudError", "FakeCloud", "JobRun", "Resources", "run_process"]
