variable "name" { type = string }

resource "aws_iam_role" "workload" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
