# A trail; `generation` is what the second apply changes. Its bucket is named only.
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

resource "aws_cloudtrail" "main" {
  name                          = "main"
  s3_bucket_name                = "logs-${var.generation}"
  s3_key_prefix                 = var.generation == 1 ? "first" : null
  sns_topic_name                = var.generation == 1 ? "told" : null
  is_multi_region_trail         = var.generation == 2
  include_global_service_events = true
  enable_log_file_validation    = var.generation == 2
  enable_logging                = var.generation == 1
  tags                          = { generation = var.generation, "only-${var.generation}" = "yes" }

  event_selector {
    read_write_type                  = var.generation == 1 ? "WriteOnly" : "All"
    include_management_events        = true
    exclude_management_event_sources = ["kms.amazonaws.com"]

    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:aws:s3:::bucket/${var.generation}"]
    }
  }
}

# As AWS makes it when nothing more is said, and selectors that come only later.
resource "aws_cloudtrail" "plain" {
  name           = "plain"
  s3_bucket_name = "logs"

  dynamic "event_selector" {
    for_each = var.generation == 2 ? [1] : []
    content {
      read_write_type = "ReadOnly"
    }
  }
}

resource "aws_cloudtrail" "advanced" {
  name           = "advanced"
  s3_bucket_name = "logs"

  advanced_event_selector {
    name = "functions"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::Lambda::Function"]
    }
    field_selector {
      field           = "eventName"
      not_starts_with = ["Generation${var.generation}"]
    }
  }
}
