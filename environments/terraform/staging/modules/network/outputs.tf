output "id" {
  value = google_compute_network.vpc.id
}

output "subnet" {
  value = google_compute_subnetwork.subnet.id
}

output "connector" {
  value = google_vpc_access_connector.connector.id
}
