variable "project" {
  description = "The project of all resources."
  type        = string
}

variable "region" {
  type    = string
  default = "us-central1"
}

variable "image_tag" {
  description = "The first version that is deployed; later ones come from the deploy pipeline."
  type        = string
  default     = "2.14.0"
}

variable "postgres_password" {
  type      = string
  sensitive = true
}
