"""AWS's own managed policies, as data: the ones a lab has a use for. Every account may attach them, none may change them.

Their texts allow what AWS's do for the services there are here; actions of other services are left out.
Source: AWS Managed Policy Reference Guide, the page of each policy.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

PREFIX = "arn:aws:iam::aws:policy"


@dataclass(slots=True, frozen=True)
class AwsPolicy:
    """statements: of its default version. version: that version's number at AWS. created, updated: when AWS did."""

    name: str
    description: str
    statements: tuple
    path: str = "/"
    version: int = 1
    created: datetime = datetime(2015, 2, 6, 18, 40, tzinfo=UTC)
    updated: datetime = datetime(2015, 2, 6, 18, 40, tzinfo=UTC)

    @property
    def arn(self):
        return f"{PREFIX}{self.path}{self.name}"

    @property
    def policy_id(self):
        return "ANPA" + hashlib.sha256(self.name.encode()).hexdigest()[:17].upper()

    @property
    def document(self):
        return {"Version": "2012-10-17", "Statement": list(self.statements)}


def _allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
_PASS_TO_LAMBDA = _allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})
_READ_LAMBDAS_NEIGHBOURS = [
    "cloudformation:DescribeStacks", "cloudformation:ListStackResources", "cloudwatch:ListMetrics",
    "cloudwatch:GetMetricData", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "kms:ListAliases",
    "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies", "iam:ListRoles",
]  # fmt: skip
_READ = [
    "access-analyzer:Get*", "access-analyzer:List*", "access-analyzer:ValidatePolicy", "acm:Describe*", "acm:Get*",
    "acm:List*", "cloudformation:Describe*", "cloudformation:Get*", "cloudformation:List*", "cloudfront:Describe*",
    "cloudfront:Get*", "cloudfront:List*", "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*",
    "cloudtrail:LookupEvents", "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "dynamodb:Describe*",
    "dynamodb:Get*", "dynamodb:List*", "dynamodb:Query", "dynamodb:Scan", "ec2:Describe*", "ec2:Get*", "events:Describe*",
    "events:List*", "events:Test*", "iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*", "kms:Describe*", "kms:Get*",
    "kms:List*", "lambda:Get*", "lambda:List*", "logs:Describe*", "logs:FilterLogEvents", "logs:Get*", "logs:List*",
    "logs:StartLiveTail", "logs:StartQuery", "logs:StopLiveTail", "logs:StopQuery", "logs:TestMetricFilter", "route53:Get*",
    "route53:List*", "route53:Test*", "s3:DescribeJob", "s3:Get*", "s3:List*", "secretsmanager:Describe*",
    "secretsmanager:GetResourcePolicy", "secretsmanager:List*", "sns:Check*", "sns:Get*", "sns:List*", "sqs:Get*", "sqs:List*",
    "sqs:Receive*", "ssm:Describe*", "ssm:Get*", "ssm:List*", "states:Describe*", "states:Get*", "states:List*",
    "sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetSessionToken", "tag:Get*", "wafv2:Describe*", "wafv2:Get*",
    "wafv2:List*", "xray:BatchGet*", "xray:Get*",
]  # fmt: skip

_ALL = (
    AwsPolicy("AdministratorAccess", "Provides full access to AWS services and resources.", (_allow("*"),)),
    AwsPolicy(
        "PowerUserAccess",
        "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
        (
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
            _allow(
                [
                    "account:GetAccountInformation", "account:GetPrimaryEmail", "account:ListRegions",
                    "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles",
                    "organizations:DescribeEffectivePolicy", "organizations:DescribeOrganization",
                ]
            ),
        ),
        version=6,
    ),
    AwsPolicy("ReadOnlyAccess", "Provides read-only access to AWS services and resources.", (_allow(_READ),), version=149),
    AwsPolicy(
        "AWSDenyAll",
        "Deny all access.",
        ({"Sid": "DenyAll", "Effect": "Deny", "Action": ["*"], "Resource": "*"},),
        version=2,
        created=datetime(2019, 5, 1, 22, 36, 14, tzinfo=UTC),
    ),
    AwsPolicy(
        "IAMFullAccess",
        "Provides full access to IAM via the AWS Management Console.",
        (
            _allow(
                [
                    "iam:*", "organizations:DescribeAccount", "organizations:DescribeOrganization",
                    "organizations:DescribeOrganizationalUnit", "organizations:DescribePolicy",
                    "organizations:ListChildren", "organizations:ListParents", "organizations:ListPoliciesForTarget",
                    "organizations:ListRoots", "organizations:ListPolicies", "organizations:ListTargetsForPolicy",
                ]
            ),
        ),
        version=2,
    ),
    AwsPolicy(
        "IAMReadOnlyAccess",
        "Provides read only access to IAM via the AWS Management Console.",
        (
            _allow(
                [
                    "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
                    "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy",
                ]
            ),
        ),
        version=4,
    ),
    AwsPolicy(
        "IAMUserChangePassword",
        "Provides the ability for an IAM user to change their own password.",
        (
            _allow(["iam:ChangePassword"], ["arn:aws:iam::*:user/${aws:username}"]),
            _allow(["iam:GetAccountPasswordPolicy"]),
        ),
        version=2,
    ),
    AwsPolicy(
        "AmazonS3FullAccess",
        "Provides full access to all buckets via the AWS Management Console.",
        (_allow(["s3:*", "s3-object-lambda:*"]),),
        version=2,
    ),
    AwsPolicy(
        "AmazonS3ReadOnlyAccess",
        "Provides read only access to all buckets via the AWS Management Console.",
        (_allow(["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"]),),
        version=3,
    ),
    AwsPolicy(
        "AWSLambdaBasicExecutionRole",
        "Provides write permissions to CloudWatch Logs.",
        (_allow(_LOGS),),
        path="/service-role/",
        created=datetime(2015, 4, 9, 15, 3, 43, tzinfo=UTC),
    ),
    AwsPolicy(
        "AWSLambdaSQSQueueExecutionRole",
        "Provides receive message, delete message, and read attribute access to SQS queues, and write permissions to"
        " CloudWatch logs.",
        (_allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", *_LOGS]),),
        path="/service-role/",
        created=datetime(2018, 6, 14, 21, 50, 45, tzinfo=UTC),
    ),
    AwsPolicy(
        "AWSLambdaRole",
        "Default policy for AWS Lambda service role.",
        (_allow(["lambda:InvokeFunction"], ["*"]),),
        path="/service-role/",
    ),
    AwsPolicy(
        "AWSLambdaExecute",
        "Provides Put, Get access to S3 and full access to CloudWatch Logs.",
        (_allow(["logs:*"], "arn:aws:logs:*:*:*"), _allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::*")),
    ),
    AwsPolicy(
        "AWSLambda_FullAccess",
        "Grants full access to AWS Lambda service, AWS Lambda console features, and other related AWS services.",
        (
            _allow([*_READ_LAMBDAS_NEIGHBOURS, "lambda:*", "logs:DescribeLogGroups", "states:DescribeStateMachine",
                    "states:ListStateMachines", "tag:GetResources", "xray:GetTraceSummaries", "xray:BatchGetTraces"]),
            _PASS_TO_LAMBDA,
            _allow(
                ["logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartLiveTail",
                 "logs:StopLiveTail"],
                "arn:aws:logs:*:*:log-group:/aws/lambda/*",
            ),
        ),
        version=2,
        created=datetime(2020, 11, 17, 21, 14, 8, tzinfo=UTC),
    ),
    AwsPolicy(
        "AWSLambda_ReadOnlyAccess",
        "Grants read-only access to AWS Lambda service, AWS Lambda console features, and other related AWS services.",
        (
            _allow([*_READ_LAMBDAS_NEIGHBOURS, "logs:DescribeLogGroups", "lambda:Get*", "lambda:List*",
                    "states:DescribeStateMachine", "states:ListStateMachines", "tag:GetResources",
                    "xray:GetTraceSummaries", "xray:BatchGetTraces"]),
            _allow(
                ["logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartLiveTail",
                 "logs:StopLiveTail"],
                "arn:aws:logs:*:*:log-group:/aws/lambda/*",
            ),
        ),
        version=2,
        created=datetime(2020, 11, 17, 21, 9, 17, tzinfo=UTC),
    ),
    AwsPolicy(
        "CloudFrontFullAccess",
        "Provides full access to the CloudFront console plus the ability to list Amazon S3 buckets via the AWS"
        " Management Console.",
        (
            _allow(["s3:ListAllMyBuckets"], "arn:aws:s3:::*", Sid="cfflistbuckets"),
            _allow(
                [
                    "acm:DescribeCertificate", "acm:ListCertificates", "acm:RequestCertificate", "cloudfront:*",
                    "cloudfront-keyvaluestore:*", "ec2:DescribeInstances", "elasticloadbalancing:DescribeLoadBalancers",
                    "iam:ListServerCertificates", "kinesis:ListStreams", "waf:GetWebACL", "waf:ListWebACLs",
                    "wafv2:GetWebACL", "wafv2:ListWebACLs",
                ],
                Sid="cffullaccess",
            ),
            _allow(["kinesis:DescribeStream"], "arn:aws:kinesis:*:*:*", Sid="cffdescribestream"),
            _allow(["iam:ListRoles"], "arn:aws:iam::*:*", Sid="cfflistroles"),
        ),
        version=8,
    ),
    AwsPolicy(
        "CloudFrontReadOnlyAccess",
        "Provides access to CloudFront distribution configuration information and list distributions via the AWS"
        " Management Console.",
        (
            _allow(
                [
                    "acm:DescribeCertificate", "acm:ListCertificates", "cloudfront:Describe*", "cloudfront:Get*",
                    "cloudfront:List*", "cloudfront-keyvaluestore:Describe*", "cloudfront-keyvaluestore:Get*",
                    "cloudfront-keyvaluestore:List*", "iam:ListServerCertificates", "route53:List*", "waf:GetWebACL",
                    "waf:ListWebACLs", "wafv2:GetWebACL", "wafv2:ListWebACLs",
                ],
                Sid="cfReadOnly",
            ),
        ),
        version=6,
    ),
    AwsPolicy(
        "CloudWatchLogsFullAccess",
        "Provides full access to CloudWatch Logs.",
        (_allow(["logs:*", "cloudwatch:GenerateQuery"], Sid="CloudWatchLogsFullAccess"),),
        version=2,
    ),
    AwsPolicy(
        "CloudWatchLogsReadOnlyAccess",
        "Provides read only access to CloudWatch Logs.",
        (
            _allow(
                [
                    "logs:Describe*", "logs:Get*", "logs:List*", "logs:StartQuery", "logs:StopQuery",
                    "logs:TestMetricFilter", "logs:FilterLogEvents", "logs:StartLiveTail", "logs:StopLiveTail",
                    "cloudwatch:GenerateQuery",
                ],
                Sid="CloudWatchLogsReadOnlyAccess",
            ),
        ),
        version=6,
    ),
    AwsPolicy("AmazonSQSFullAccess", "Provides full access to Amazon SQS.", (_allow(["sqs:*"]),)),
    AwsPolicy(
        "AmazonSQSReadOnlyAccess",
        "Provides read only access to Amazon SQS.",
        (
            _allow(
                [
                    "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListDeadLetterSourceQueues", "sqs:ListQueues",
                    "sqs:ListMessageMoveTasks", "sqs:ListQueueTags",
                ]
            ),
        ),
        version=3,
    ),
    AwsPolicy("AmazonSNSFullAccess", "Provides full access to Amazon SNS.", (_allow(["sns:*"]),)),
    AwsPolicy(
        "AmazonSNSReadOnlyAccess",
        "Provides read only access to Amazon SNS.",
        (_allow(["sns:GetTopicAttributes", "sns:List*", "sns:CheckIfPhoneNumberIsOptedOut", "sns:GetEndpointAttributes",
                 "sns:GetPlatformApplicationAttributes", "sns:GetSMSAttributes", "sns:GetSubscriptionAttributes"]),),
    ),
)  # fmt: skip

BY_ARN = {one.arn: one for one in sorted(_ALL, key=lambda one: one.name.lower())}
