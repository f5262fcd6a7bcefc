# What IAM offers to Terraform; `generation` is what the second apply changes.
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

locals {
  trust = {
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  }
  list = {
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = var.generation == 1 ? ["ecs:ListClusters"] : ["ecs:ListClusters", "ecs:ListTasks"]
      Resource = "*"
    }]
  }
}

resource "aws_iam_service_linked_role" "ecs" {
  aws_service_name = "ecs.amazonaws.com"
  description      = "generation ${var.generation}"
  tags             = { generation = var.generation }
}

resource "aws_iam_service_linked_role" "scaling" {
  aws_service_name = "autoscaling.amazonaws.com"
  custom_suffix    = "mine"
}

resource "aws_iam_policy" "list" {
  name        = "list"
  path        = "/team/"
  description = "never changes"
  policy      = jsonencode(local.list)
  tags        = { generation = var.generation }
}

resource "aws_iam_role" "host" {
  name                 = "host"
  path                 = "/team/"
  description          = "generation ${var.generation}"
  max_session_duration = 3600 * var.generation
  permissions_boundary = aws_iam_policy.list.arn
  assume_role_policy   = jsonencode(local.trust)
  tags                 = { generation = var.generation }
}

resource "aws_iam_role_policy" "inline" {
  name   = "inline"
  role   = aws_iam_role.host.id
  policy = jsonencode(local.list)
}

resource "aws_iam_role_policy_attachment" "list" {
  role       = aws_iam_role.host.name
  policy_arn = aws_iam_policy.list.arn
}

resource "aws_iam_role_policy_attachment" "aws" {
  role       = aws_iam_role.host.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "host" {
  name = "host"
  path = "/team/"
  role = aws_iam_role.host.name
  tags = { generation = var.generation }
}

resource "aws_iam_user" "ada" {
  name = "ada"
  path = var.generation == 1 ? "/team/" : "/others/"
  tags = { generation = var.generation }
}

resource "aws_iam_access_key" "ada" {
  user   = aws_iam_user.ada.name
  status = var.generation == 1 ? "Active" : "Inactive"
}

resource "aws_iam_user_policy" "inline" {
  name   = "inline"
  user   = aws_iam_user.ada.name
  policy = jsonencode(local.list)
}

resource "aws_iam_user_policy_attachment" "list" {
  user       = aws_iam_user.ada.name
  policy_arn = aws_iam_policy.list.arn
}

resource "aws_iam_group" "team" {
  name = "team"
  path = var.generation == 1 ? "/" : "/others/"
}

resource "aws_iam_group_membership" "team" {
  name  = "members"
  group = aws_iam_group.team.name
  users = [aws_iam_user.ada.name]
}

resource "aws_iam_group_policy" "inline" {
  name   = "inline"
  group  = aws_iam_group.team.name
  policy = jsonencode(local.list)
}

resource "aws_iam_group_policy_attachment" "list" {
  group      = aws_iam_group.team.name
  policy_arn = aws_iam_policy.list.arn
}

resource "aws_iam_openid_connect_provider" "builds" {
  url             = "https://builds.example.com"
  client_id_list  = var.generation == 1 ? ["one"] : ["one", "two"]
  thumbprint_list = [join("", [for digit in range(40) : tostring(digit % 10)])]
  tags            = { generation = var.generation }
}

data "aws_iam_policy" "aws" {
  name = "AdministratorAccess"
}

data "aws_iam_role" "host" {
  name = aws_iam_role.host.name
}
