# All kinds of network records: public and private subnets, gateways, addresses, both forms of rules, an interface of a
# user's and a launch template; `generation` is what the second apply changes.
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

data "aws_availability_zones" "available" {
  state = "available"
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

data "aws_subnet" "default" {
  id = data.aws_subnets.default.ids[0]
}

data "aws_security_group" "default" {
  vpc_id = data.aws_vpc.default.id
  name   = "default"
}

data "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id

  filter {
    name   = "association.main"
    values = ["true"]
  }
}

resource "aws_vpc" "main" {
  cidr_block           = "10.30.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "network-${var.generation}" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { generation = var.generation }
}

resource "aws_subnet" "public" {
  count                   = 2
  vpc_id                  = aws_vpc.main.id
  cidr_block              = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone       = data.aws_availability_zones.available.names[count.index]
  map_public_ip_on_launch = var.generation == 1
  tags                    = { kind = "public" }
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index + 10)
  availability_zone = data.aws_availability_zones.available.names[count.index]
}

resource "aws_eip" "nat" {
  domain = "vpc"
  tags   = { generation = var.generation }
}

resource "aws_eip" "host" {
  domain     = "vpc"
  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "main" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public[0].id
  tags          = { generation = var.generation }
  depends_on    = [aws_internet_gateway.main]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  tags   = { generation = var.generation }
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

# The route changes from one gateway to the other.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.main.id
}

resource "aws_route" "private" {
  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = var.generation == 1 ? aws_nat_gateway.main.id : null
  gateway_id             = var.generation == 1 ? null : aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  count          = 2
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "private" {
  count          = 2
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = var.generation == 1 ? aws_route_table.private.id : aws_route_table.public.id
}

resource "aws_security_group" "alb" {
  name        = "network-alb"
  description = "From everywhere"
  vpc_id      = aws_vpc.main.id
  tags        = { generation = var.generation }

  ingress {
    from_port   = 80
    to_port     = 80 + var.generation
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0", "10.0.0.0/8"]
    description = "web"
  }

  ingress {
    from_port = 0
    to_port   = 65535
    protocol  = "udp"
    self      = true
  }

  ingress {
    from_port   = 8
    to_port     = -1
    protocol    = "icmp"
    cidr_blocks = ["10.0.0.0/8"]
  }

  egress {
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_security_group" "task" {
  name   = "network-task"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "task" {
  security_group_id            = aws_security_group.task.id
  referenced_security_group_id = aws_security_group.alb.id
  from_port                    = 80
  to_port                      = 80
  ip_protocol                  = "tcp"
  description                  = "generation ${var.generation}"
  tags                         = { generation = var.generation }
}

resource "aws_vpc_security_group_egress_rule" "task" {
  security_group_id = aws_security_group.task.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_security_group_rule" "task" {
  type              = "ingress"
  security_group_id = aws_security_group.task.id
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["10.${var.generation}.0.0/16"]
}

resource "aws_network_interface" "own" {
  subnet_id       = aws_subnet.public[0].id
  private_ips     = ["10.30.0.50"]
  security_groups = var.generation == 1 ? [aws_security_group.task.id] : [aws_security_group.task.id, aws_security_group.alb.id]
  description     = "generation ${var.generation}"
  tags            = { generation = var.generation }
}

resource "aws_eip_association" "own" {
  allocation_id        = aws_eip.host.id
  network_interface_id = aws_network_interface.own.id
}

data "aws_network_interface" "own" {
  id         = aws_network_interface.own.id
  depends_on = [aws_eip_association.own]
}

resource "aws_launch_template" "hosts" {
  name_prefix            = "network-"
  image_id               = "ami-0123456789abcdef0"
  instance_type          = var.generation == 1 ? "t3.medium" : "t3.large"
  vpc_security_group_ids = [aws_security_group.task.id]
  user_data              = base64encode("#!/bin/bash\n")
  tags                   = { generation = var.generation }

  tag_specifications {
    resource_type = "instance"
    tags          = { kind = "host" }
  }
}

output "public_ip" {
  value = data.aws_network_interface.own.association[0].public_ip
}

output "default" {
  value = [data.aws_subnet.default.map_public_ip_on_launch, data.aws_security_group.default.id, data.aws_route_table.main.id]
}
