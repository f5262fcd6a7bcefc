# An account setting, a cluster's capacity providers, and a service whose tasks an external controller puts into a task
# set; `generation` is what the second apply changes.
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

data "aws_subnets" "all" {}

resource "aws_ecs_account_setting_default" "insights" {
  name  = "containerInsights"
  value = var.generation == 1 ? "enabled" : "disabled"
}

resource "aws_ecs_cluster" "main" {
  name = "capacity"
}

resource "aws_ecs_cluster_capacity_providers" "main" {
  cluster_name       = aws_ecs_cluster.main.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 1
    weight            = var.generation
  }
}

resource "aws_ecs_task_definition" "app" {
  family                   = "capacity"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  container_definitions    = jsonencode([{ name = "app", image = "simulated/run", essential = true }])
}

resource "aws_ecs_service" "external" {
  name          = "external"
  cluster       = aws_ecs_cluster.main.id
  desired_count = 2

  deployment_controller {
    type = "EXTERNAL"
  }
}

resource "aws_ecs_task_set" "blue" {
  service                   = aws_ecs_service.external.id
  cluster                   = aws_ecs_cluster.main.id
  task_definition           = aws_ecs_task_definition.app.arn
  launch_type               = "FARGATE"
  external_id               = "blue"
  force_delete              = true
  wait_until_stable         = true
  wait_until_stable_timeout = "2m"

  scale {
    unit  = "PERCENT"
    value = 50 * var.generation
  }

  network_configuration {
    subnets = slice(sort(data.aws_subnets.all.ids), 0, 2)
  }
}
