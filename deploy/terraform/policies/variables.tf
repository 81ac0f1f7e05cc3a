variable "replication_config_arns" {
  description = "ARNs of the replication configs that the worker may operate on. Each may contain *."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.replication_config_arns) > 0
    error_message = "Name at least one replication config."
  }

  validation {
    condition = alltrue([
      for arn in var.replication_config_arns :
      can(regex("^arn:aws[a-z-]*:dms:[a-z0-9*-]+:([0-9]{12}|\\*):replication-config:[A-Za-z0-9*-]+$", arn))
    ])
    error_message = "Each entry must be the ARN of a replication config, such as arn:aws:dms:*:123456789012:replication-config:*."
  }
}

variable "archive" {
  description = "DynamoDB table of the archive. null: the worker has no archive."
  type        = object({ table_arn = string })
  default     = null

  validation {
    condition     = var.archive == null || can(regex("^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$", var.archive.table_arn))
    error_message = "The table_arn must be the ARN of a DynamoDB table."
  }
}

variable "lag" {
  description = "Whether the worker reads the lag from CloudWatch, as with TEMPORAL_DMS_LAG=cloudwatch."
  type        = bool
  default     = false
  nullable    = false
}

variable "endpoints" {
  description = "Whether the worker reads endpoints, for TEMPORAL_DMS_ENDPOINT_FINGERPRINTS=true and for the hooks of a cutover."
  type        = bool
  default     = false
  nullable    = false
}

variable "permissions_check" {
  description = "Role that the worker checks before a cutover, as with TEMPORAL_DMS_PERMISSIONS=iam. Name the worker's own role. null: no check."
  type        = object({ role_arn = string })
  default     = null
}

variable "service_account" {
  description = "Kubernetes service account that may assume the role, and the OIDC provider of its cluster. null: no trust policy."
  type = object({
    oidc_provider_arn = string
    namespace         = string
    name              = string
  })
  default = null

  validation {
    condition     = var.service_account == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$", var.service_account.oidc_provider_arn))
    error_message = "The oidc_provider_arn must be the ARN of an IAM OIDC provider."
  }

  validation {
    condition = var.service_account == null || can([
      for name in [var.service_account.namespace, var.service_account.name] : regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", name)
    ])
    error_message = "The namespace and the name must be names of Kubernetes, without wildcards."
  }
}
