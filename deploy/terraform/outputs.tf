output "role_arn" {
  description = "ARN of the worker's role, for the annotation eks.amazonaws.com/role-arn of its service account."
  value       = aws_iam_role.worker.arn
}

output "policy_arns" {
  description = "ARNs of the worker's policies, by the name of their file in deploy/iam."
  value       = { for name, policy in aws_iam_policy.worker : name => policy.arn }
}
