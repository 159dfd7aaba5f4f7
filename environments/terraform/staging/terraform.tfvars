project = "netra-staging"
region  = "us-central1"
