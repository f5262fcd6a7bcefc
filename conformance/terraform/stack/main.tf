# The slice as one stack: the role, a cluster, a role for tasks, a task definition.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_credentials_validation = false
}

data "aws_caller_identity" "me" {}

resource "aws_iam_service_linked_role" "ecs" {
  aws_service_name = "ecs.amazonaws.com"
  description      = "made by Terraform"
}

resource "aws_ecs_cluster" "stack" {
  name       = "stack"
  depends_on = [aws_iam_service_linked_role.ecs]
  tags       = { owner = data.aws_caller_identity.me.account_id }
}

resource "aws_iam_role" "task" {
  name = "stack-task"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "task" {
  name   = "list"
  role   = aws_iam_role.task.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "ecs:ListClusters", Resource = "*" }] })
}

resource "aws_ecs_task_definition" "app" {
  family                   = "stack"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "256"
  memory                   = "512"
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name    = "app"
    image   = "busybox"
    command = ["sleep", "600"]
  }])
}
