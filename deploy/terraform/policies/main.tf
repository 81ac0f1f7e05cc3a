# The files in deploy/iam say what is allowed. This module only fills in the resources.

locals {
  folder = "${path.module}/../../iam"

  # Resources by the Sid of their statement. A statement without an entry keeps the resource of its file.
  resources = merge(
    { OperateReplications = var.replication_config_arns },
    var.archive == null ? {} : { KeepArchive = [var.archive.table_arn] },
    var.permissions_check == null ? {} : { CheckOwnPermissions = [var.permissions_check.role_arn] },
  )

  names = concat(
    ["worker"],
    var.archive == null ? [] : ["worker-archive"],
    var.endpoints ? ["worker-endpoints"] : [],
    var.lag ? ["worker-lag"] : [],
    var.permissions_check == null ? [] : ["worker-permissions-check"],
  )

  files = { for name in local.names : name => jsondecode(file("${local.folder}/${name}.json")) }
  trust = jsondecode(file("${local.folder}/trust.json"))

  issuer = var.service_account == null ? "" : split("oidc-provider/", var.service_account.oidc_provider_arn)[1]
}
