"""What Terraform declares and knows: its configuration (HCL), its state and its plans, read only."""
