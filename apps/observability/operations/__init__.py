"""CloudWatch Logs' operations: enough for functions to write and `aws logs tail` to read."""

from . import events, groups

OPERATIONS = {
    "CreateLogGroup": groups.create_log_group,
    "DeleteLogGroup": groups.delete_log_group,
    "DescribeLogGroups": groups.describe_log_groups,
    "CreateLogStream": groups.create_log_stream,
    "DescribeLogStreams": groups.describe_log_streams,
    "PutLogEvents": events.put_log_events,
    "GetLogEvents": events.get_log_events,
    "FilterLogEvents": events.filter_log_events,
}
PARTIAL = {
    "FilterLogEvents": "filterPattern knows terms, quoted phrases and exclusions (-term); JSON and column patterns are refused.",
    "DescribeLogGroups": "Retention, metric filters and classes are not kept.",
}
NO_EFFECT = {"CreateLogGroup": ["kmsKeyId", "tags", "logGroupClass"], "PutLogEvents": ["sequenceToken", "entity"]}
