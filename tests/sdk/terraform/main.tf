# What a first course builds: a bucket with its settings and objects. Told where and who by AWS_* variables; only path
# style is said here. Queues, notifications and lifecycle rules work too, but the provider itself waits 25 to 55 seconds
# for each of them, against any service.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "name" { type = string }
variable "folder" { type = string }

provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true
}

data "aws_caller_identity" "me" {}

resource "aws_s3_bucket" "site" {
  bucket        = var.name
  force_destroy = true
  tags          = { course = "clouds" }
}

resource "aws_s3_bucket_versioning" "site" {
  bucket = aws_s3_bucket.site.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_public_access_block" "site" {
  bucket                  = aws_s3_bucket.site.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = false
  restrict_public_buckets = false
}

resource "aws_s3_bucket_ownership_controls" "site" {
  bucket = aws_s3_bucket.site.id
  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "site" {
  bucket = aws_s3_bucket.site.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

resource "aws_s3_bucket_website_configuration" "site" {
  bucket = aws_s3_bucket.site.id
  index_document { suffix = "index.html" }
  error_document { key = "sorry.html" }
}

resource "aws_s3_bucket_cors_configuration" "site" {
  bucket = aws_s3_bucket.site.id
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["*"]
    max_age_seconds = 60
  }
}

resource "aws_s3_bucket_policy" "site" {
  bucket = aws_s3_bucket.site.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Everyone"
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.site.arn}/*"
    }]
  })
  depends_on = [aws_s3_bucket_public_access_block.site]
}

resource "aws_s3_object" "small" {
  bucket       = aws_s3_bucket.site.id
  key          = "a é+&.txt"
  source       = "${var.folder}/small.txt"
  etag         = filemd5("${var.folder}/small.txt")
  content_type = "text/plain"
  depends_on   = [aws_s3_bucket_versioning.site]
}

resource "aws_s3_object" "large" {
  bucket      = aws_s3_bucket.site.id
  key         = "large.bin"
  source      = "${var.folder}/large.bin"
  source_hash = filemd5("${var.folder}/large.bin")
  depends_on  = [aws_s3_bucket_versioning.site]
}

resource "aws_s3_object_copy" "copy" {
  bucket = aws_s3_bucket.site.id
  key    = "copy.bin"
  source = "${aws_s3_bucket.site.id}/${aws_s3_object.large.key}"
}

data "aws_s3_object" "small" {
  bucket     = aws_s3_bucket.site.id
  key        = aws_s3_object.small.key
  depends_on = [aws_s3_object.small]
}

output "account" { value = data.aws_caller_identity.me.account_id }
output "small" { value = data.aws_s3_object.small.body }
