"""Asking from elsewhere: a Cloud Run job with the service's VPC access runs checks and sends signed
results."""
