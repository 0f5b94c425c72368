terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "cidr" { type = string }

resource "aws_vpc" "main" {
  cidr_block = var.cidr
}
