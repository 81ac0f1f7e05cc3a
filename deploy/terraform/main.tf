module "policies" {
  source = "./policies"

  replication_config_arns = var.replication_config_arns
  archive                 = var.archive
  lag                     = var.lag
  endpoints               = var.endpoints
  service_account         = var.service_account
  permissions_check       = var.permissions_check ? { role_arn = aws_iam_role.worker.arn } : null
}

resource "aws_iam_role" "worker" {
  name                 = var.name
  path                 = var.path
  description          = "Role of the workers of temporal-dms"
  assume_role_policy   = module.policies.trust
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_policy" "worker" {
  for_each = module.policies.documents

  name   = replace(each.key, "/^worker/", var.name)
  path   = var.path
  policy = each.value
  tags   = var.tags
}

resource "aws_iam_role_policy_attachment" "worker" {
  for_each = aws_iam_policy.worker

  role       = aws_iam_role.worker.name
  policy_arn = each.value.arn
}
