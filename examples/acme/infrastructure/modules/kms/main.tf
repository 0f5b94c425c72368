resource "aws_kms_key" "data" {
  description         = "Data of one workload"
  enable_key_rotation = true
}
