output "documents" {
  description = "Policies of the worker as JSON, by the name of their file in deploy/iam."
  value = {
    for name, file in local.files : name => jsonencode(merge(file, {
      Statement = [
        for statement in file.Statement :
        merge(statement, { Resource = try(local.resources[statement.Sid], statement.Resource) })
      ]
    }))
  }
}

output "trust" {
  description = "Trust policy of the worker's role as JSON. null: no service account was named."
  value = var.service_account == null ? null : jsonencode(merge(local.trust, {
    Statement = [
      for statement in local.trust.Statement : merge(statement, {
        Principal = { Federated = var.service_account.oidc_provider_arn }
        Condition = {
          StringEquals = {
            "${local.issuer}:aud" = "sts.amazonaws.com"
            "${local.issuer}:sub" = "system:serviceaccount:${var.service_account.namespace}:${var.service_account.name}"
          }
        }
      })
    ]
  }))
}
