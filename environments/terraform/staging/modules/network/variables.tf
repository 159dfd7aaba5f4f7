variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "subnet_cidr" {
  type    = string
  default = "10.20.0.0/24"
}

variable "connector_cidr" {
  description = "A /28 of its own: a connector shares its range with nothing else."
  type        = string
}

variable "connector" {
  type = object({
    machine_type  = string
    min_instances = number
    max_instances = number
  })
  default = {
    machine_type  = "e2-micro"
    min_instances = 2
    max_instances = 3
  }
}

variable "firewall" {
  description = "Whether the rules of this module are made."
  type        = bool
  default     = true
}
