# Direct peering: Memorystore has a range and a network of its own, which is peered with staging-vpc.
resource "google_redis_instance" "staging" {
  name               = "staging-redis"
  tier               = "BASIC"
  memory_size_gb     = 1
  region             = var.region
  redis_version      = "REDIS_7_2"
  authorized_network = module.network.id
  connect_mode       = "DIRECT_PEERING"
  reserved_ip_range  = "10.166.204.80/29"
  auth_enabled       = true
}

resource "google_sql_database_instance" "staging" {
  name             = "staging-postgres"
  region           = var.region
  database_version = "POSTGRES_16"

  settings {
    tier = "db-custom-1-3840"

    ip_configuration {
      ipv4_enabled    = false
      private_network = module.network.id
    }
  }
}

resource "google_sql_user" "whybot" {
  name     = "whybot"
  instance = google_sql_database_instance.staging.name
  password = var.postgres_password
}

resource "google_compute_instance" "clickhouse" {
  name         = "staging-clickhouse"
  machine_type = "e2-standard-2"
  zone         = "${var.region}-a"
  tags         = ["clickhouse"]

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }

  network_interface {
    subnetwork = module.network.subnet
    network_ip = "10.20.0.9"
  }
}
