# Staging of netra, as Terraform should have it. whybot reads these files; it never applies them.
terraform {
  required_version = ">= 1.7"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.0"
    }
  }

  backend "gcs" {
    bucket = "netra-staging-terraform"
    prefix = "staging"
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

# staging-vpc with its subnet, its connector and its firewall.
module "network" {
  source = "./modules/network"

  name           = "staging"
  region         = var.region
  connector_cidr = "10.1.0.0/28"
}
