import json
import os


def handler(event, context):
    """Show what a function is given: the event, its context, its environment."""
    print(json.dumps(event, indent=2))
    return {
        "request_id": context.aws_request_id,
        "function": context.invoked_function_arn,
        "milliseconds_left": context.get_remaining_time_in_millis(),
        "variables": sorted(os.environ),
    }
