locals {
  registry = "us-docker.pkg.dev/${var.project}/netra"

  services = {
    backend  = { ingress = "INGRESS_TRAFFIC_ALL", memory = "1Gi" }
    auth     = { ingress = "INGRESS_TRAFFIC_ALL", memory = "512Mi" }
    frontend = { ingress = "INGRESS_TRAFFIC_ALL", memory = "512Mi" }
  }
}

resource "google_service_account" "service" {
  for_each = local.services

  account_id   = "netra-${each.key}"
  display_name = "netra ${each.key} (staging)"
}

# All traffic leaves through the connector, so that the services have one address for those who allow it.
resource "google_cloud_run_v2_service" "service" {
  for_each = local.services

  name     = "netra-${each.key}-staging"
  location = var.region
  ingress  = each.value.ingress

  template {
    service_account = google_service_account.service[each.key].email

    containers {
      image = "${local.registry}/${each.key}:${var.image_tag}"

      resources {
        limits = {
          memory = each.value.memory
        }
      }
    }

    vpc_access {
      connector = module.network.connector
      egress    = "ALL_TRAFFIC"
    }
  }

  # The deploy pipeline sets the image, and says who it is.
  lifecycle {
    ignore_changes = [template[0].containers[0].image, client, client_version]
  }
}

# whybot's own job: checks run in it as if they ran in the backend. The deploy pipeline keeps its VPC access
# as that of the backend's serving revision.
resource "google_cloud_run_v2_job" "whybot" {
  name     = "whybot-probe"
  location = var.region

  labels = {
    whybot-follows = google_cloud_run_v2_service.service["backend"].name
  }

  template {
    template {
      containers {
        image = "${local.registry}/whybot:0.3.0"
        args  = ["answer"]
      }

      vpc_access {
        connector = module.network.connector
        egress    = "ALL_TRAFFIC"
      }
    }
  }

  lifecycle {
    ignore_changes = [template[0].template[0].vpc_access, template[0].template[0].containers[0].image]
  }
}
