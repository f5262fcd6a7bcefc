# Parameters and a secret with a policy; `generation` is what the second apply changes.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
  skip_region_validation  = true
}

variable "generation" {
  type    = number
  default = 1
}

resource "aws_ssm_parameter" "plain" {
  name        = "/stack/url"
  description = "generation ${var.generation}"
  type        = "String"
  value       = "http://service/${var.generation}"
  tags        = { generation = tostring(var.generation) }
}

resource "aws_ssm_parameter" "list" {
  name            = "/stack/zones"
  type            = "StringList"
  value           = "a,b"
  tier            = "Intelligent-Tiering"
  allowed_pattern = "[a-z,]+"
}

resource "aws_ssm_parameter" "secure" {
  name  = "/stack/password"
  type  = "SecureString"
  value = "password-${var.generation}"
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id"
}

data "aws_ssm_parameters_by_path" "all" {
  path       = "/stack"
  depends_on = [aws_ssm_parameter.plain, aws_ssm_parameter.list, aws_ssm_parameter.secure]
}

resource "aws_secretsmanager_secret" "main" {
  name                    = "stack/database"
  description             = "generation ${var.generation}"
  recovery_window_in_days = 0
  tags                    = { generation = tostring(var.generation) }
}

resource "aws_secretsmanager_secret_version" "main" {
  secret_id     = aws_secretsmanager_secret.main.id
  secret_string = jsonencode({ username = "root", password = "secret-${var.generation}" })
}

data "aws_caller_identity" "me" {}

resource "aws_secretsmanager_secret_policy" "main" {
  secret_arn = aws_secretsmanager_secret.main.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Read"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "*"
    }]
  })
}

data "aws_secretsmanager_random_password" "one" {
  password_length = 20
}

output "image" {
  value = data.aws_ssm_parameter.image.value
  # Whoever reads this page may know it.
  sensitive = true
}

output "names" {
  value = length(data.aws_ssm_parameters_by_path.all.names)
}
