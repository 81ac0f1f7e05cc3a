variable "name" {
  description = "Name of the worker's role, and beginning of the names of its policies."
  type        = string
  default     = "temporal-dms-worker"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "The name must be a name of IAM, of at most 64 characters."
  }
}

variable "path" {
  description = "Path of the role and of its policies."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([A-Za-z0-9+=,.@_-]+/)*$", var.path))
    error_message = "The path must begin and end with a slash."
  }
}

variable "replication_config_arns" {
  description = "ARNs of the replication configs that the worker may operate on. Each may contain *, as in arn:aws:dms:*:123456789012:replication-config:*."
  type        = list(string)
  nullable    = false
}

variable "service_account" {
  description = "Kubernetes service account of the worker, and the OIDC provider of its cluster."
  type = object({
    oidc_provider_arn = string
    namespace         = string
    name              = optional(string, "temporal-dms-worker")
  })
  nullable = false
}

variable "archive" {
  description = "DynamoDB table of the archive. null: the worker has no archive."
  type        = object({ table_arn = string })
  default     = null
}

variable "lag" {
  description = "Whether the worker reads the lag from CloudWatch, as with TEMPORAL_DMS_LAG=cloudwatch."
  type        = bool
  default     = false
}

variable "endpoints" {
  description = "Whether the worker reads endpoints, for TEMPORAL_DMS_ENDPOINT_FINGERPRINTS=true and for the hooks of a cutover."
  type        = bool
  default     = false
}

variable "permissions_check" {
  description = "Whether the worker checks its permissions before a cutover, as with TEMPORAL_DMS_PERMISSIONS=iam."
  type        = bool
  default     = false
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the role. null: none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role and of its policies."
  type        = map(string)
  default     = {}
}
