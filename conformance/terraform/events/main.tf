# Rules with targets: a log group, and tasks that are run by the clock; `generation` is what the second apply changes.
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

data "aws_caller_identity" "me" {}

data "aws_region" "here" {}

resource "aws_cloudwatch_log_group" "events" {
  name = "/aws/events/stack"
}

data "aws_iam_policy_document" "logs" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.events.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "events" {
  policy_name     = "events"
  policy_document = data.aws_iam_policy_document.logs.json
}

resource "aws_cloudwatch_event_bus" "own" {
  name        = "own"
  description = "generation ${var.generation}"
  tags        = { generation = var.generation }
}

data "aws_iam_policy_document" "bus" {
  statement {
    sid       = "All"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.own.arn]

    principals {
      type        = "AWS"
      identifiers = [data.aws_caller_identity.me.account_id]
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "own" {
  event_bus_name = aws_cloudwatch_event_bus.own.name
  policy         = data.aws_iam_policy_document.bus.json
}

resource "aws_cloudwatch_event_rule" "tasks" {
  name        = "tasks"
  description = "generation ${var.generation}"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail      = { lastStatus = var.generation == 1 ? ["RUNNING"] : ["RUNNING", "STOPPED"] }
  })
  tags = { generation = var.generation }
}

resource "aws_cloudwatch_event_target" "log" {
  rule      = aws_cloudwatch_event_rule.tasks.name
  target_id = "log"
  arn       = aws_cloudwatch_log_group.events.arn

  input_transformer {
    input_paths    = { time = "$.time", status = "$.detail.lastStatus" }
    input_template = "{\"timestamp\": <time>, \"message\": \"a task is <status>\"}"
  }

  retry_policy {
    maximum_event_age_in_seconds = 60 * var.generation
    maximum_retry_attempts       = var.generation
  }
}

resource "aws_cloudwatch_event_rule" "own" {
  name           = "own"
  event_bus_name = aws_cloudwatch_event_bus.own.name
  event_pattern  = jsonencode({ source = ["mine"] })
}

resource "aws_cloudwatch_event_target" "own" {
  rule           = aws_cloudwatch_event_rule.own.name
  event_bus_name = aws_cloudwatch_event_bus.own.name
  arn            = aws_cloudwatch_log_group.events.arn
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = var.generation == 1 ? "cron(0 2 * * ? *)" : "rate(2 hours)"
  state               = var.generation == 1 ? "ENABLED" : "DISABLED"
}

resource "aws_ecs_cluster" "main" {
  name = "events"
}

resource "aws_ecs_task_definition" "nightly" {
  family                   = "nightly"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = 256
  memory                   = 512
  container_definitions    = jsonencode([{ name = "main", image = "simulated/run", essential = true }])
}

resource "aws_iam_role" "run" {
  name = "events-run"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "events.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "run" {
  role       = aws_iam_role.run.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceEventsRole"
}

resource "aws_vpc" "main" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_subnet" "main" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.30.0.0/24"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule      = aws_cloudwatch_event_rule.nightly.name
  target_id = "run"
  arn       = aws_ecs_cluster.main.arn
  role_arn  = aws_iam_role.run.arn
  input     = jsonencode({ containerOverrides = [{ name = "main", command = ["generation", tostring(var.generation)] }] })

  ecs_target {
    task_count              = var.generation
    task_definition_arn     = aws_ecs_task_definition.nightly.arn
    launch_type             = "FARGATE"
    platform_version        = "LATEST"
    group                   = "nightly"
    propagate_tags          = "TASK_DEFINITION"
    enable_ecs_managed_tags = true
    enable_execute_command  = false
    tags                    = { generation = var.generation }

    network_configuration {
      subnets          = [aws_subnet.main.id]
      assign_public_ip = true
    }
  }
}
